"""The command line: one file for each group of verbs; every verb is a few calls of the Python API."""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

from heaters.errors import HeatersError, Interrupted


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status: 0 ok, 1 failed, 2 wrong use, 3 refused, 75 busy, 130 stopped."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read stdout has left, for example `head`
        from heaters.cli.output import close_quietly  # noqa: PLC0415 - rarely

        close_quietly()
        status = 1
    except KeyboardInterrupt:
        status = _said(Interrupted("stopped; finished work is kept"), words)
    if status == Interrupted.exit_code:
        _leave(status)
    sys.exit(status)


def _run(words: list[str]) -> int:
    """Call the verb; whatever is raised becomes a sentence and an exit status."""
    import typer  # noqa: PLC0415 - inside of what catches Ctrl-C

    from heaters.cli.app import application  # noqa: PLC0415

    wrong_use = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    try:
        status = application(words)(words, prog_name="heaters", standalone_mode=False)
    except HeatersError as error:
        return _said(error, words)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last wall: no traceback reaches a user unasked
        if isinstance(error, wrong_use):
            return _wrong_call(error, words)
        return _unforeseen(error, words)
    if status == Interrupted.exit_code:  # typer gives this for a Ctrl-C that no verb has turned into an error
        raise KeyboardInterrupt
    return status if isinstance(status, int) else 0


def _wrong_call(error: Any, words: list[str]) -> int:
    """Say what typer found wrong, and where its help is."""
    from heaters.errors import UsageError  # noqa: PLC0415

    found = str(error.format_message()).rstrip(".") if str(error) else ""
    if not found:  # typer has printed the help instead
        return UsageError.exit_code
    path = error.ctx.command_path if getattr(error, "ctx", None) else "heaters"
    return _said(UsageError(f"{found}{' See' if found.endswith('?') else '; see'} `{path} --help`"), words)


def _unforeseen(error: Exception, words: list[str]) -> int:
    """Say what nobody has foreseen; the system's own errors are told plainly, all others are ours to mend."""
    from heaters.cli.output import keep_traceback, show_error  # noqa: PLC0415

    kept = keep_traceback(error)
    kind, about = "InternalError", f"internal error, {type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.strerror:
        kind, about = (
            "SystemError",
            f"the system says: {error.strerror}" + (f": {error.filename}" if error.filename else ""),
        )
    message = f"{about}; the traceback is in {kept}, please report it if you can't explain it"
    show_error({"type": kind, "message": message}, as_json="--json" in words)
    return 1


def _leave(status: int) -> NoReturn:
    """End with exactly this status.

    CPython ends itself by SIGINT when a KeyboardInterrupt passed through an `exec` of text, as dataclasses do it, even if
    it was caught later (seen in 3.11).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _said(error: HeatersError, words: list[str]) -> int:
    from heaters.cli.output import show_error  # noqa: PLC0415

    show_error(error.as_json(), as_json="--json" in words)
    return error.exit_code
