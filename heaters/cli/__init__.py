"""The command line: one file for each group of verbs; every verb is a few calls of the Python API."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from heaters.errors import HeatersError


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status: 0 ok, 1 failed, 2 wrong use, 3 refused, 75 busy, 130 stopped."""
    import typer  # noqa: PLC0415 - after the interpreter is up, so that Ctrl-C at start-up is short

    from heaters.cli import output  # noqa: PLC0415
    from heaters.cli.app import application  # noqa: PLC0415

    wrong_use = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
    words = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in words
    try:
        status = application(words)(words, prog_name="heaters", standalone_mode=False)
        sys.stdout.flush()
    except HeatersError as error:
        output.show_error(error.as_json(), as_json=as_json)
        sys.exit(error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        output.show_error(
            {"type": "Interrupted", "message": "stopped; finished work is kept"}, as_json=as_json
        )
        sys.exit(130)
    except BrokenPipeError:
        output.close_quietly()
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last wall: no traceback reaches a user unasked
        if isinstance(error, wrong_use):
            if str(error):  # empty where typer has printed the help instead
                output.show_error({"type": "UsageError", "message": _wrong_call(error)}, as_json=as_json)
            sys.exit(2)
        kept = output.keep_traceback(error)
        message = (
            f"internal error, {type(error).__name__}: {error}; the traceback is in {kept}, please report it"
        )
        output.show_error({"type": "InternalError", "message": message}, as_json=as_json)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _wrong_call(error: Any) -> str:
    """What typer found wrong, and where its help is."""
    found = str(error.format_message()).rstrip(".")
    path = error.ctx.command_path if getattr(error, "ctx", None) else "heaters"
    return f"{found}{' See' if found.endswith('?') else '; see'} `{path} --help`"
