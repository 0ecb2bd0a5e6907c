"""`StatusBoard`: where everything stands, for an operator, in JupyterLab, Notebook and Voila."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from heaters.errors import HeatersError
from heaters.ui import messages
from heaters.ui.player import BUNDLE

if TYPE_CHECKING:
    from heaters.workspace import Workspace

Row = dict[str, Any]


class StatusBoard(anywidget.AnyWidget):
    """`Workspace.status` as a page that keeps itself up to date: runs, failures, stuck work, disk, review, sources.

    The page asks every ten seconds while it is visible, and says how old its answer is. Failed sources can be retried and
    parked on it.

    Args:
        workspace: an open workspace. Whether its catalog can be read is told on the page.
    """

    _esm = BUNDLE

    _widget = t.Unicode("status").tag(sync=True)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.on_msg(self._on_message)

    def __repr__(self) -> str:
        return f"StatusBoard({self._workspace.root})"

    def _on_message(self, _widget: object, content: Row, _buffers: list[memoryview]) -> None:
        """Answer a page: what was done, in words, and where everything stands after it. Refusals go back as a sentence."""
        number = content.get("id")
        try:
            said = self._do(content)
            facts = json.dumps(self._workspace.status(), default=_plain).encode()
        except HeatersError as error:
            self.send({"kind": "refused", "id": number, "message": error.message})
        except Exception as error:  # noqa: BLE001 - the page must hear of it, and shows no traceback
            message = f"{type(error).__name__}: {error}; `heaters doctor` may know more"
            self.send({"kind": "refused", "id": number, "message": message})
        else:
            self.send({"kind": "status", "id": number, "said": said}, [facts])

    def _do(self, content: Row) -> str:
        kind, ids = content.get("kind"), [int(one) for one in content.get("sources", ())]
        if kind == "look":
            return ""
        if kind == "retry":
            retried = self._workspace.retry(*ids) if ids else []
            return f"{_counted(len(retried))} will be tried again by the next run"
        if kind == "park":
            for source_id in ids:
                error = self._workspace.source(source_id)["last_error"]
                self._workspace.park(source_id, error or "parked on the status page")
            return f"{_counted(len(ids))} parked: runs leave {'it' if len(ids) == 1 else 'them'} alone until Retry"
        raise messages.unknown_question(content)


def _counted(count: int) -> str:
    return "1 source" if count == 1 else f"{count} sources"


def _plain(value: object) -> str:
    """A time as the page reads it: the catalog's are UTC without a zone."""
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)
