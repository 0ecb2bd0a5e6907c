"""A workspace to review in: one numbered film as many sources, each cut in its own way, and the dashboard that serves it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driving import Heaters, open_workspace
from hosting import dashboard, wait_until
from numbered_films import Film, make, steady
from shows import add_source, run_stage

if TYPE_CHECKING:
    from hosting import Host

    from heaters import Workspace

FRAMES = 720
FILM = Film(
    steady(FRAMES, 512), Fraction(1, 12800), audio="aac", options={"preset": "ultrafast", "crf": "14"}
)
SETTINGS = "owner_idle_seconds = 60\nlease_seconds = 60\n"
NAMED_BY_ITSELF = ("id", "title", "sha256", "ingest_state", "created_at", "updated_at")


def make_reels(root: Path, *lengths: int, **settings: Any) -> Workspace:
    """A workspace with one source for each length: the same film, cut into clips of so many frames.

    It is prepared once; the other sources have hard links to its artefacts.
    """
    workspace = open_workspace(root, create=True, verify=False, **settings)
    workspace.ingest(make(root.parent / "film.mp4", FILM), title="reel 1")
    report = workspace.run(stages=["prepare"])
    assert not report.failed, report
    first = workspace.source(1)
    for number, length in enumerate(lengths, 1):
        if number > 1:
            _again(workspace, first, number)
        run_stage(
            workspace.catalog, "detect", number, cuts=list(range(length, FRAMES, length)), detector="heaters"
        )
    with (root / "heaters.toml").open("a") as file:
        file.write(SETTINGS)
    return open_workspace(root)


def _again(workspace: Workspace, first: dict[str, Any], number: int) -> None:
    """Add the first source once more."""
    catalog, root = workspace.catalog, workspace.root
    assert add_source(catalog, f"reel {number}") == number
    columns = {
        name: _renumbered(value, number) for name, value in first.items() if name.endswith("_filepath")
    }
    for name, path in columns.items():
        if path != first[name]:
            os.link(root / first[name], root / path)
    original = columns.pop("original_filepath")
    run_stage(catalog, "ingest", number, columns={"original_filepath": original})
    measured = ("n_frames", "fps_num", "fps_den", "time_base", "start_pts", "end_pts", "constant_rate", "duration", "rotation",
                "width", "height", "sar_num", "sar_den", "master_mode")  # fmt: skip
    columns |= {name: first[name] for name in measured}
    run_stage(catalog, "prepare", number, columns=columns, pts=None)


def _renumbered(path: Any, number: int) -> Any:
    return path.replace("video_1", f"video_{number}") if isinstance(path, str) else path


@dataclass(frozen=True)
class ReviewRoom:
    """A workspace, the dashboard that serves it, and what another process sees of it."""

    root: Path
    host: Host
    token: str = ""

    @property
    def cli(self) -> Heaters:
        """The command line on it."""
        return Heaters(self.root)

    @property
    def owner(self) -> int | None:
        """The process that keeps the catalog open; None where there is none."""
        try:
            return int(json.loads((self.root / "catalog" / "catalog.owner").read_text())["pid"])
        except FileNotFoundError:
            return None

    def address(self, **query: Any) -> str:
        """Of the page, with `clip`, `source` and `reviewer`."""
        words = {"token": self.token} if self.token else {}
        said = "&".join(f"{name}={value}" for name, value in {**words, **query}.items())
        return f"http://localhost:{self.host.port}/?{said}"

    def clips(self, source: int) -> list[dict[str, Any]]:
        """The live clips of a source, as `heaters clips --json` prints them."""
        return list(self.cli.json("clips", "--source", source))

    def clip(self, ref: str) -> dict[str, Any]:
        """One clip."""
        source, number = ref.split(".")
        return next(one for one in self.clips(int(source)) if one["clip_no"] == int(number))

    def decide(self, action: str, *refs: str, reviewer: str = "cli", **options: object) -> None:
        """Decide by command, as somebody else."""
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.cli("decide", action, *refs, "--reviewer", reviewer, *words)

    def log(self, source: int, reviewer: str) -> list[dict[str, Any]]:
        """What a reviewer did on a source, oldest first."""
        events = open_workspace(self.root).history(source=source, limit=5000)
        return [one for one in reversed(events) if one["reviewer"] == reviewer]


@contextmanager
def review_room(
    root: Path, folder: Path, *, token: str = "", ends_owner: bool = True
) -> Iterator[ReviewRoom]:
    """`heaters dashboard` on a workspace; its owner ends with it, unless another dashboard needs that."""
    more: Sequence[str] = ("--token", token) if token else ()
    folder.mkdir(parents=True, exist_ok=True)
    with dashboard(root, folder, *more) as host:
        room = ReviewRoom(root, host, token)
        yield room
        owner = room.owner if ends_owner else None
    if owner is not None:
        with suppress(ProcessLookupError):
            os.kill(owner, signal.SIGTERM)
        assert wait_until(lambda: room.owner is None, 20)
