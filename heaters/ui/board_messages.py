"""What the kernel and the review board say to each other. Twin of `widgets/src/board/protocol.ts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from heaters.errors import HeatersError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Row = dict[str, Any]
_ASKED_FOR: Final = 128
_CLIP: Final = (
    "id", "clip_no", "start_frame", "end_frame", "state", "version", "group_id", "label", "note", "reviewer", "decided_at",
    "origin",
)  # fmt: skip
_EVENT: Final = ("seq", "ts", "reviewer", "action", "frame", "undone")
_HOLDER: Final = ("clip_id", "reviewer", "idle_seconds")


def clip_rows(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Live clips as the page takes them."""
    return [_clip(row) for row in rows if row["state"] != "superseded"]


def changed_rows(*lists: Iterable[Mapping[str, Any]]) -> Row:
    """Rows as they are now, each clip once, and the ids of those that are no more."""
    rows = {row["id"]: row for one in lists for row in one}.values()
    return {"clips": clip_rows(rows), "gone": [row["id"] for row in rows if row["state"] == "superseded"]}


def place(answer: Mapping[str, Any]) -> Row:
    """Where a session stands, out of an answer of `heaters.review.ReviewSession`."""
    others = [{name: one[name] for name in _HOLDER} for one in answer["others"]]
    history = [_event(one) for one in answer["history"]]
    return {
        "others": others,
        "history": history,
        **{name: answer[name] for name in ("held", "seq", "counts")},
    }


def decided(answer: Mapping[str, Any]) -> Row:
    """A decision, or something taken back."""
    back = {name: answer[name] for name in ("undid", "redid") if name in answer}
    return {
        "kind": "decided", "op_id": answer["op_id"], "action": answer["action"], **back, **place(answer),
        **changed_rows(answer["changes"], answer["clips"]), "shown": answer["current"] if back else None,
    }  # fmt: skip


def beaten(answer: Mapping[str, Any]) -> Row:
    """What others did."""
    lost = [{name: one[name] for name in ("clip_id", "reviewer")} for one in answer["lost"]]
    news = [_event(one) for one in answer["events"]]
    return {"kind": "beaten", **place(answer), **changed_rows(answer["changes"]), "lost": lost, "news": news}


def refusal(error: HeatersError, rows: Iterable[Mapping[str, Any]]) -> Row:
    """A refusal as the page shows it, with the rows of the clips concerned as they are now."""
    return {
        "kind": "refused", "type": type(error).__name__, "message": error.message,
        "holder": error.facts.get("holder"), **changed_rows(rows),
    }  # fmt: skip


def scores_as_bytes(scores: NDArray[np.float32] | None) -> bytes:
    """One byte a frame, 128 where a cut is just asked for; higher ones end at 255. Nothing where none are stored."""
    if scores is None:
        return b""
    import numpy as np  # noqa: PLC0415 - only where a curve is asked for

    return np.clip(np.nan_to_num(scores) * _ASKED_FOR, 0, 255).astype(np.uint8).tobytes()


def _clip(row: Mapping[str, Any]) -> Row:
    facts = {name: _plain(row[name]) for name in _CLIP}
    return {
        **facts, "tags": list(row["tags"]), "ref": f"{row['source_video_id']}.{row['clip_no']}", "score": row.get("score"),
    }  # fmt: skip


def _event(row: Mapping[str, Any]) -> Row:
    return {**{name: _plain(row[name]) for name in _EVENT}, "refs": list(row["refs"])}


def _plain(value: Any) -> Any:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else value
