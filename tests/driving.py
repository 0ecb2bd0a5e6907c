"""Driving heaters in tests: its command line in this process or in one of its own, and small films to feed it.

Everything heavy is imported where it is used: all tests load this file, and few need a film.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from heaters import Workspace
    from heaters.media.sample import SampleTruth


class Answer(NamedTuple):
    """What a call of the command line gave."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that a user saw."""
        return self.out + self.err

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Heaters:
    """The command line, for one workspace (or none, to let heaters find it).

    Every call holds what is true of all verbs: the expected status, no traceback, and with `--json` nothing but one
    document on stdout.
    """

    def __init__(self, workspace: Path | None = None) -> None:
        self.workspace = workspace

    def __call__(self, *words: object, status: int = 0) -> Answer:
        """Call it in this process."""
        from heaters.cli import main  # noqa: PLC0415

        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main(self._words(words))
            except SystemExit as end:
                code = end.code
        return self._checked(words, Answer(int(code or 0), out.getvalue(), err.getvalue()), status)

    def alone(self, *words: object, status: int = 0, **environ: str) -> Answer:
        """Call it in a process of its own."""
        done = subprocess.run(
            command(self._words(words)), capture_output=True, text=True, check=False, timeout=240,
            env={**os.environ, **environ},
        )  # fmt: skip
        return self._checked(words, Answer(done.returncode, done.stdout, done.stderr), status)

    def json(self, *words: object, status: int = 0) -> Any:
        """Call it in this process with `--json`; returns the document."""
        return self(*words, "--json", status=status).document

    def refused(self, *words: object, status: int, kind: str) -> str:
        """Call it for people and for programs: both must be refused with the same one sentence, which is returned."""
        said = self(*words, status=status).err
        assert said.startswith("error: "), said
        assert said.count("\n") == 1, said
        error = self.json(*words, status=status)["error"]
        assert error == {"type": kind, "message": said[7:-1]}
        return str(error["message"])

    def start(self, *words: object, **popen: Any) -> subprocess.Popen[str]:
        """Start it in a session of its own, as a terminal or a scheduler would."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command(self._words(words)), start_new_session=True, **(pipes | popen))

    def _words(self, words: Sequence[object]) -> list[str]:
        where = ["--workspace", str(self.workspace)] if self.workspace else []
        verb = 2 if words[:1] in {("catalog",), ("cuts",)} else 1
        return [*map(str, words[:verb]), *where, *map(str, words[verb:])]

    @staticmethod
    def _checked(words: Sequence[object], answer: Answer, status: int) -> Answer:
        assert "Traceback" not in answer.text, answer.text
        assert "internal error" not in answer.text, answer.text
        assert answer.status == status, answer
        if "--json" in words:
            json.loads(answer.out)
        return answer


def command(words: Sequence[str]) -> list[str]:
    """The command line of a process."""
    return [sys.executable, "-m", "heaters", *words]


def open_workspace(folder: Path, **arguments: Any) -> Workspace:
    """Open or make a workspace."""
    import heaters  # noqa: PLC0415

    return heaters.open_workspace(folder, **arguments)


def make_show(path: Path) -> SampleTruth:
    """Make the shortest sample show."""
    from heaters.media.sample import SHORTEST_SECONDS, make_sample  # noqa: PLC0415

    return make_sample(path, seconds=SHORTEST_SECONDS)


def make_film(
    path: Path, shots: Sequence[int] = (20, 20, 20), *, rate: int = 25, size: tuple[int, int] = (160, 96), seed: int = 1, sound: bool = True
) -> Path:  # fmt: skip
    """Write a small film of hard cuts between shots of these lengths; another seed gives another film."""
    import av  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    random = np.random.default_rng(seed)
    width, height = size
    with av.open(str(path), "w") as container:
        video = container.add_stream(
            "libx264", rate=rate, options={"preset": "ultrafast", "crf": "20", "g": "12"}
        )
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        number, samples = 0, 48_000 // rate
        for shot, length in enumerate(shots):
            # every shot has a texture and a brightness of its own, so that no detector can miss the cut
            texture = random.integers(0, 60, (height // 8, width // 8, 3)).repeat(8, 0).repeat(8, 1) + (
                20 + 120 * (shot % 2)
            )
            for step in range(length):
                picture = np.roll(texture, step, axis=1).astype(np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                container.mux(video.encode(frame))
                if audio:
                    times = np.arange(number * samples, (number + 1) * samples) / 48_000
                    tone = 0.2 * np.sin(2 * np.pi * 220 * (shot + 1) * times)
                    block = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], "fltp", "mono")
                    block.rate, block.pts, block.time_base = 48_000, number * samples, Fraction(1, 48_000)
                    container.mux(audio.encode(block))
                number += 1
        container.mux(video.encode(None))
        if audio:
            container.mux(audio.encode(None))
    return path
