"""The application: all verbs by name, each loaded when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from heaters import __version__

VERBS: Final = {
    "sources": ("init", "ingest", "run", "retry", "park", "status", "sources"),
    "batch": ("batch", "notebooks"),
    "status": ("runs",),
    "clips": ("show", "clips", "decide", "undo", "redo", "retune", "export"),
    "moving": ("move",),
    "care": ("verify", "janitor", "cost", "config", "doctor"),
    "dashboard": ("dashboard",),
    "demo": ("demo",),
}
"""Module of this package → its functions that are verbs, in the order of the help."""

CATALOG_VERBS: Final = ("check", "snapshot", "restore", "serve")
"""Functions of the module `catalog`, called as `heaters catalog VERB`."""

CUTS_VERBS: Final = {"export": "export", "import": "import_"}
"""Verbs of `heaters cuts` and the functions of the module `cuts`."""


def application(words: Sequence[str] = ()) -> typer.Typer:
    """The command line, with all verbs, or with just the one that `words` begin with: making all costs 0.1 s."""
    app = typer.Typer(
        name="heaters", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
        help="Curate clips from video without encoding anything during review.", callback=_options,
    )  # fmt: skip
    wanted = {*words[:1]} & {"catalog", "cuts", *(name for names in VERBS.values() for name in names)}
    for module, names in VERBS.items():
        for name in names:
            if not wanted or name in wanted:
                app.command(name)(getattr(import_module(f"heaters.cli.{module}"), name))
    if not wanted or "cuts" in wanted:
        app.add_typer(_cuts(), name="cuts")
    if not wanted or "catalog" in wanted:
        app.add_typer(_catalog(), name="catalog")
    return app


def _catalog() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Check, save, restore and serve the catalog.")
    for name in CATALOG_VERBS:
        app.command(name)(getattr(import_module("heaters.cli.catalog"), name))
    return app


def _cuts() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, help="Take cut lists out, and in.")
    for name, function in CUTS_VERBS.items():
        app.command(name)(getattr(import_module("heaters.cli.cuts"), function))
    return app


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        print(f"heaters {__version__}")
        raise typer.Exit


def _options(
    _: Annotated[  # noqa: FBT002
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and leave."),
    ] = False,
) -> None:
    """Curate clips from video without encoding anything during review."""
