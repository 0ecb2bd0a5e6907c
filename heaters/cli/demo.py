"""The verb `demo`: a show from file to the review page, or to final clips with the decisions made by a script."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from heaters.cli import output
from heaters.cli.dashboard import serve_page
from heaters.cli.sources import downloaded, show_report
from heaters.errors import UsageError
from heaters.stages.intake import in_words
from heaters.stages.web_pages import is_address
from heaters.workspace import Workspace, open_workspace

DEMO_FOLDER = Path("demo")
_SAMPLE_NAME = "sample_show.mp4"


def demo(
    source: Annotated[
        str | None,
        typer.Argument(metavar="FILE_OR_URL", help="A video of your own; default: a sample show made here."),
    ] = None,
    serve: Annotated[  # noqa: FBT002
        bool, typer.Option(help="Serve the review page; else review by script and export.")
    ] = True,
    folder: Annotated[
        Path, typer.Option("--workspace", "-w", metavar="DIR", help="Where to do it.")
    ] = DEMO_FOLDER,
) -> int:
    """Take a show from file to the review page, or to exported clips, and say what happens at each step."""
    print(_plan(source, folder))
    ws = open_workspace(folder, create=True, reviewer="demo")
    film = source or _sample(folder)
    row = ws.ingest(film, watcher=output.watcher())[0]
    if row.get("ingest_state") == "parked":
        raise UsageError(
            f"source {row['id']} is parked: {row['last_error']}; `heaters retry {row['id']}` tries it again"
        )
    print(
        f"\n1. ingest: source {row['id']}, {in_words(row['original_bytes'])}{', known already' if row['duplicate'] else ''}"
        f"{downloaded(row)}"
    )
    print("2. prepare, detect, verify")
    report = ws.run(watcher=output.watcher())
    for one in report.failed:
        print(f"   failed: {one['error']}")
    if report.failed:
        return 1
    clips = _live(ws, row["id"])
    print(f"   {ws.source(row['id'])['n_frames']} frames, {len(clips)} shots")
    if serve:
        print(f"3. review\n   Ctrl-C ends it; then: heaters clips --workspace {folder}")
        serve_page(ws.root, port=None)
        return 0
    _finish(ws, row["id"], clips)
    print(f"Go on with: heaters clips --workspace {folder}   (or: heaters show 1.1 --workspace {folder})")
    return 0


def _finish(ws: Workspace, source_id: int, clips: list[dict[str, Any]]) -> None:
    print("3. review (by script; reviewer 'demo')")
    if any(clip["reviewer"] for clip in clips):
        print("   this show has been reviewed already: its decisions stand")
    else:
        _review(ws, source_id)
    print("4. export, from the gold master")
    show_report(ws.export([source_id], watcher=output.watcher()), "heaters verify")
    print(f"\n{_tree(ws.root)}\n")


def _plan(source: str | None, folder: Path) -> str:
    size = Path(source).stat().st_size if source and Path(source).is_file() else 0
    web = source is not None and is_address(source)
    size_told = "from the web" if web else in_words(size)
    film = f"{source} ({size_told})" if source else "a sample show of 30 s, made on this machine"
    space = (
        "about 60 times the download" if web else f"about {in_words(60 * size)}" if source else "about 250 MB"
    )
    download = "the film is downloaded, as far as it is not there yet" if web else "no download"
    free = in_words(shutil.disk_usage(folder.absolute().parent).free)
    minutes = (
        "about as long as the film lasts, for 720p on two cores" if source else "about a minute on two cores"
    )
    return (
        f"heaters demo: {film}\ntakes {minutes}, {download}, {space} of disk in {folder}/ ({free} are free)"
    )


def _sample(folder: Path) -> Path:
    from heaters.media.sample import make_sample  # noqa: PLC0415 - PyAV only where it is used

    path = folder / _SAMPLE_NAME
    if not path.is_file():
        print("making the sample show ...")
        make_sample(path)
    return path


def _live(ws: Workspace, source_id: int) -> list[dict[str, Any]]:
    return ws.clips(source_id).rows()


def _review(ws: Workspace, source_id: int) -> None:
    """A little of everything that a reviewer does; the longest shot is split and joined again, so nothing is lost."""
    clips = _live(ws, source_id)
    longest = max(clips, key=lambda clip: clip["end_frame"] - clip["start_frame"])
    if longest["end_frame"] - longest["start_frame"] > 1:
        middle = (longest["start_frame"] + longest["end_frame"]) // 2
        _said(
            "split", [longest], lambda: ws.decide("split", longest["id"], frame=middle), f" at frame {middle}"
        )
        undone = ws.undo()
        print(f"   undo: {undone['undid']} is taken back, {len(_live(ws, source_id))} shots again")
    if len(clips) > 2:  # noqa: PLR2004 - one to skip, and more
        _said(
            "annotate",
            clips[:1],
            lambda: ws.decide("annotate", clips[0]["id"], label="opening"),
            ' label "opening"',
        )
        _said("skip", clips[1:2], lambda: ws.decide("skip", clips[1]["id"]))
    rest = [clip for clip in _live(ws, source_id) if clip["state"] == "pending"]
    _said("approve", rest, lambda: ws.decide("approve", [clip["id"] for clip in rest]))


def _said(action: str, clips: Iterable[dict[str, Any]], decide: Callable[[], Any], more: str = "") -> None:
    decide()
    refs = [f"{clip['source_video_id']}.{clip['clip_no']}" for clip in clips]
    shown = ", ".join(refs[:8]) + (f" and {len(refs) - 8} more" if len(refs) > 8 else "")  # noqa: PLR2004 - a line's worth
    print(f"   {action} {shown}{more}")


def _tree(root: Path) -> str:
    lines = [f"{root.name}/"]
    for folder in sorted(one for one in root.iterdir() if one.is_dir()):
        files = sorted(one for one in folder.rglob("*") if one.is_file())
        lines.append(
            f"  {folder.name}/  ({len(files)} files, {in_words(sum(one.stat().st_size for one in files))})"
        )
        lines += [f"    {one.relative_to(folder)}  {in_words(one.stat().st_size)}" for one in files[:6]]
        lines += [f"    … {len(files) - 6} more"] if len(files) > 6 else []  # noqa: PLR2004 - a screenful
    return "\n".join(lines)
