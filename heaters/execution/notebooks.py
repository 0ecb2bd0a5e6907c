"""Notebooks, executed from outside by papermill, in a kernel that ends with this process."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, Final, TextIO

import nbformat
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill import PapermillExecutionError, execute_notebook
from papermill.iorw import papermill_io

from heaters import errors
from heaters.domain.parameters import Parameter, declared
from heaters.errors import HeatersError, Interrupted, StageFailed, StoreUnavailable, UsageError
from heaters.execution.this_python import ThisPython
from heaters.storage.local import LocalPart

_SCHEME: Final = "heaters:"
_GRACE_SECONDS: Final = 10.0
"""How long a kernel that was told to stop may take to close its run, before it is ended."""
_TEMPLATE: Final = """{% extends 'lab/index.html.j2' %}{% block html_head_js %}{% endblock %}{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}{% block html_head_js_mermaidjs %}{% endblock %}
{% block html_head_css %}{{ resources.include_css("static/theme-dark.css")
  | replace('type="text/css"', 'media="screen and (prefers-color-scheme: dark)"') }}{% endblock %}
{% block data_widget_view %}<p><em>Here is something to click in JupyterLab.</em></p>{% endblock %}
{% block footer %}</html>{% endblock %}"""
"""What nbconvert 7.17 would load from the web is left out, so that a report looks the same on a closed network, and with it the
widgets' state, which nothing reads then. A page is dark where its reader's browser is."""


class _Files:
    """What papermill reads and writes: papermill 2.7 takes braces in paths for parameters, and writes in place."""

    def __init__(self, notebook: Path, output: Path) -> None:
        self._notebook = notebook
        self._output = output

    def read(self, _: str) -> str:
        return self._notebook.read_text("utf-8")

    def write(self, text: str, _: str) -> None:
        write_whole(self._output, text)

    def listdir(self, _: str) -> list[str]:
        return []

    def pretty_path(self, path: str) -> str:
        return path


class _Kernel(AsyncKernelManager):
    """The kernel of a batch; there is one at a time."""

    latest: ClassVar[_Kernel | None] = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "kernel_name": NATIVE_KERNEL_NAME})
        self.kernel_spec_manager = ThisPython()
        _Kernel.latest = self

    @classmethod
    def pid(cls) -> int | None:
        """Its process; None while it does not live."""
        process = getattr(cls.latest.provisioner, "process", None) if cls.latest else None
        return process.pid if process and process.poll() is None else None


def parameters_of(notebook: Path) -> dict[str, Parameter]:
    """The parameters that a notebook declares.

    Raises:
        UsageError: there is no such notebook, or it is none of Python.
    """
    try:
        read = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(read)
    except OSError as error:
        raise UsageError(f"{notebook} can't be read: {error.strerror}", path=str(notebook)) from error
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        nbformat.ValidationError,
    ) as error:  # NotJSONError is a ValueError
        raise UsageError(f"{notebook} is not a notebook", path=str(notebook)) from error
    language = read.metadata.get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise UsageError(
            f"{notebook} is a notebook of {language}; only those of Python can be run", path=str(notebook)
        )
    tagged = [cell.source for cell in read.cells if "parameters" in cell.metadata.get("tags", [])]
    try:
        return declared(tagged[0]) if tagged else {}
    except UsageError as error:
        raise UsageError(f"{notebook}: {error.message}", path=str(notebook)) from error


def execute(
    notebook: Path, output: Path, parameters: Mapping[str, Any], *, seconds: float | None, stream: TextIO
) -> None:
    """Run a notebook from top to bottom; what was executed so far is always whole in `output`.

    Ctrl-C and SIGTERM interrupt the kernel, which then has ten seconds to close what it does.

    Args:
        parameters: of names that the notebook declares.
        seconds: how long it may take; None for no limit.
        stream: where what its cells print goes as well.

    Raises:
        HeatersError: what a cell raised, as the same class; for any other error, a dead kernel or the end of `seconds` StageFailed.
        Interrupted: on Ctrl-C or SIGTERM.
        StoreUnavailable: `output` can't be written.
    """
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the errors that it logs are raised, too
    papermill_io.register(_SCHEME, _Files(notebook, output))
    _Kernel.latest = None
    with _stoppable(seconds) as stopped_by:
        try:
            execute_notebook(
                f"{_SCHEME}in.ipynb", f"{_SCHEME}out.ipynb", dict(parameters), kernel_name=NATIVE_KERNEL_NAME, language="python",
                progress_bar=False, stdout_file=stream, stderr_file=stream, kernel_manager_class=_Kernel,
            )  # fmt: skip
        except (PapermillExecutionError, DeadKernelError, RuntimeError, KeyboardInterrupt) as error:
            raise _told(error, notebook, stopped_by(), seconds) from error
        except OSError as error:
            raise StoreUnavailable(
                f"{output} can't be written: {error.strerror or error}; finished work is kept, a later run goes on",
                path=str(output),
            ) from error


def html_report(executed: Path, target: Path) -> None:
    """Write an executed notebook as a page without code, which needs nothing from the web.

    Raises:
        StoreUnavailable: it can't be written.
    """
    from nbconvert import HTMLExporter  # noqa: PLC0415 - when all is done

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        raw_template=_TEMPLATE, exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True
    )
    try:
        text, _ = exporter.from_filename(str(executed))
        write_whole(target, text)
    except OSError as error:
        raise StoreUnavailable(
            f"the work is done and noted, but the report {target} can't be written: {error.strerror or error}",
            path=str(target),
        ) from error


def write_whole(file: Path, text: str) -> None:
    """Write a file in one step, so that nobody ever reads half of it."""
    with LocalPart(file) as part:
        part.path.write_text(text, "utf-8")
        part.publish()


@contextmanager
def _stoppable(seconds: float | None) -> Iterator[Callable[[], int | None]]:
    """Hand Ctrl-C, SIGTERM and the end of the time on to the kernel; gives the signal that came first, if one did."""
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        kernel = _Kernel.pid()
        if kernel is None or len(came) > 1:
            raise KeyboardInterrupt
        os.kill(kernel, signal.SIGINT)
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, _GRACE_SECONDS)

    watched = [signal.SIGINT, signal.SIGTERM, *([signal.SIGALRM] if seconds else [])]
    before = {number: signal.signal(number, stop) for number in watched}
    if seconds:
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield lambda: came[0] if came else None
    finally:
        if seconds or came:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(error: BaseException, notebook: Path, signalled: int | None, seconds: float | None) -> HeatersError:
    """What ended a notebook, as one of our errors."""
    if signalled == signal.SIGALRM:
        return StageFailed(
            f"{notebook} was stopped after {seconds:.0f} s; finished work is kept, a later run goes on"
        )
    if signalled is not None or isinstance(error, KeyboardInterrupt):
        return Interrupted("stopped; finished work is kept, a later run goes on from here")
    if not isinstance(error, PapermillExecutionError):
        return StageFailed(
            f"the kernel of {notebook} died (out of memory?); finished work is kept, a later run goes on"
        )
    kind = getattr(errors, error.ename, None)
    if isinstance(kind, type) and issubclass(kind, HeatersError):
        return kind(error.evalue)
    return StageFailed(f"{notebook}, cell [{error.exec_count}]: {error.ename}: {error.evalue}")
