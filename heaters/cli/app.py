"""The application: all verbs by name."""

from __future__ import annotations

from typing import Annotated

import typer

from heaters import __version__
from heaters.cli import care, clips, demo, sources

app = typer.Typer(
    name="heaters", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="Curate clips from video without encoding anything during review.",
)  # fmt: skip
catalog_app = typer.Typer(no_args_is_help=True, help="Check, save and restore the catalog.")


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        print(f"heaters {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and leave."),
    ] = False,  # noqa: FBT002
) -> None:
    """Curate clips from video without encoding anything during review."""


for verb, function in {
    "init": sources.init, "ingest": sources.ingest, "run": sources.run, "retry": sources.retry, "park": sources.park,
    "status": sources.status, "sources": sources.sources, "show": clips.show, "clips": clips.clips, "decide": clips.decide,
    "undo": clips.undo, "redo": clips.redo, "retune": clips.retune, "export": clips.export, "verify": care.verify,
    "janitor": care.janitor, "cost": care.cost, "config": care.config, "doctor": care.doctor, "demo": demo.demo,
}.items():  # fmt: skip
    app.command(verb)(function)
for verb, function in {
    "check": care.catalog_check,
    "snapshot": care.catalog_snapshot,
    "restore": care.catalog_restore,
}.items():
    catalog_app.command(verb)(function)
app.add_typer(catalog_app, name="catalog")
