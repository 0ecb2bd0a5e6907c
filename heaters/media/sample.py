"""The sample show: pictures and sound made on the spot, with known truth about every frame.

It holds what reviewing is about: hard cuts that any detector finds, a jump of the exposure that looks like a cut and is
none, a dissolve that detectors miss, and a camera flash.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Final
from uuid import uuid4

import av
import numpy as np
from numpy.typing import NDArray

from heaters.errors import UsageError
from heaters.media import sample_scenes as scenes
from heaters.media.barcode import LIMIT, burn_number
from heaters.media.canvas import HEIGHT, WIDTH, Canvas

RATE: Final = 25
SAMPLE_RATE: Final = 48_000
SHORTEST_SECONDS: Final = 8.0
_FULL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class _Shot:
    name: str
    scene: scenes.Scene
    frames: int
    tone: float | None
    """Lowest tone of its sound in hertz; None for noise."""


_SHOTS: Final = (
    _Shot("title", scenes.title_card, 70, 220.0),
    _Shot("sunrise", scenes.sunrise, 100, 294.0),
    _Shot("tide", scenes.tide, 85, None),
    _Shot("city", scenes.city, 105, 349.0),
    _Shot("loom", scenes.loom, 100, 440.0),
    _Shot("prism", scenes.prism, 90, 523.0),
    _Shot("ripples", scenes.ripples, 90, 587.0),
    _Shot("orbit", scenes.orbit, 80, 698.0),
    _Shot("end", scenes.end_card, 30, 262.0),
)
_DISSOLVE_INTO: Final = "ripples"
_DISSOLVE_FRAMES: Final = 36
_FLASH_IN: Final = "city"
_FLASH_GAINS: Final = ((1.0, 170.0), (1.0, 80.0))
_EXPOSED: Final = "loom"


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """What is in a sample show. Ranges are half-open, frames are 0-based.

    Attributes:
        cuts: first frames of new shots, hard cuts only.
        dissolves: `(first, end)` of each dissolve; its middle is where the new shot is counted from.
        flashes: frames that a camera flash lights; no boundary.
        wrong_cut: frame at which the exposure jumps inside a shot: looks like a cut, is none.
        shots: name of each shot in order.
        tones: lowest tone of each shot's sound in hertz, None for noise.
    """

    path: Path
    n_frames: int
    rate: Fraction
    width: int
    height: int
    cuts: tuple[int, ...]
    dissolves: tuple[tuple[int, int], ...]
    flashes: tuple[int, ...]
    wrong_cut: int
    shots: tuple[str, ...]
    tones: tuple[float | None, ...]

    @property
    def boundaries(self) -> tuple[int, ...]:
        """First frames of all new shots: hard cuts, and the middle of each dissolve."""
        middles = [(first + end) // 2 for first, end in self.dissolves]
        return tuple(sorted([*self.cuts, *middles]))


def make_sample(
    path: Path, *, seconds: float = _FULL_SECONDS, progress: Callable[[int], None] | None = None
) -> SampleTruth:
    """Write the sample show as an H.264 and AAC `.mp4` of 1280×720 pictures at 25 per second.

    The bytes depend on the versions of PyAV and numpy and on nothing else.

    Args:
        path: the file to make; replaced if it is there. Its folder must exist.
        seconds: length; every shot shrinks or grows with it.
        progress: called with the number of pictures written so far.

    Raises:
        UsageError: a length under 8 seconds, or one with more frames than the burnt-in number can count.
    """
    if not SHORTEST_SECONDS <= seconds <= (LIMIT - len(_SHOTS)) / RATE:
        raise UsageError(f"a sample show has {SHORTEST_SECONDS:g} to 2600 seconds, not {seconds:g}")
    truth = sample_truth(seconds, path)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        _write(part, truth, progress)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return truth


def sample_truth(seconds: float, path: Path = Path("sample.mp4")) -> SampleTruth:
    """What is in a sample show of that length, whether it is made or not."""
    scale = seconds / _FULL_SECONDS
    ends = [round(end * scale) for end in accumulate(shot.frames for shot in _SHOTS)]
    starts = dict(zip((shot.name for shot in _SHOTS), [0, *ends], strict=False))
    middle, reach = starts[_DISSOLVE_INTO], max(2, round(_DISSOLVE_FRAMES * scale / 2))
    flash = starts[_FLASH_IN] + round(28 * scale)
    return SampleTruth(
        path=path, n_frames=ends[-1], rate=Fraction(RATE), width=WIDTH, height=HEIGHT,
        cuts=tuple(start for name, start in starts.items() if start and name != _DISSOLVE_INTO),
        dissolves=((middle - reach, middle + reach),),
        flashes=tuple(flash + i for i in range(len(_FLASH_GAINS))),
        wrong_cut=starts[_EXPOSED] + round(48 * scale),
        shots=tuple(shot.name for shot in _SHOTS), tones=tuple(shot.tone for shot in _SHOTS),
    )  # fmt: skip


def _write(part: Path, truth: SampleTruth, progress: Callable[[int], None] | None) -> None:
    sound = _sound(truth)
    samples = SAMPLE_RATE // RATE
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream(
            "libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20", "bf": "2"}
        )
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.thread_count = 1  # x264's bytes depend on its thread count
        video.codec_context.color_range = 1
        video.codec_context.colorspace = video.codec_context.color_primaries = (
            video.codec_context.color_trc
        ) = 1
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options={"b": "128k"})
        painters = _Painters(truth)
        for number in range(truth.n_frames):
            frame = painters.picture(number).frame()
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(video.encode(frame))
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[:, number * samples : (number + 1) * samples]), "fltp", "stereo"
            )
            block.rate, block.pts, block.time_base = SAMPLE_RATE, number * samples, Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(block))
            if progress:
                progress(number + 1)
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


class _Painters:
    """Paints any frame of the show; scenes are made when their shot begins."""

    def __init__(self, truth: SampleTruth) -> None:
        self._truth = truth
        self._starts = (0, *truth.boundaries)
        self._made: dict[int, scenes.Painter] = {}
        self._canvas, self._second = Canvas(), Canvas()

    def picture(self, number: int) -> Canvas:
        shot = int(np.searchsorted(self._starts, number, side="right")) - 1
        canvas = self._canvas
        self._paint(canvas, shot, number)
        self._dissolve(canvas, shot, number)
        if number in self._truth.flashes:
            canvas.expose(*_FLASH_GAINS[number - self._truth.flashes[0]])
        if _SHOTS[shot].name == _EXPOSED and number >= self._truth.wrong_cut:
            canvas.expose(1.7, 34.0)
        burn_number(canvas.y, number)
        return canvas

    def _paint(self, canvas: Canvas, shot: int, number: int) -> None:
        if shot not in self._made:
            self._made[shot] = _SHOTS[shot].scene()
        self._made[shot](canvas, (number - self._starts[shot]) / RATE)

    def _dissolve(self, canvas: Canvas, shot: int, number: int) -> None:
        for first, end in self._truth.dissolves:
            if first <= number < end:
                share = (number - first + 1) / (end - first + 1)
                outgoing = number < (first + end) // 2
                self._paint(self._second, shot + 1 if outgoing else shot - 1, number)
                canvas.dissolve(self._second, share if outgoing else 1 - share)


def _sound(truth: SampleTruth) -> NDArray[np.float32]:
    """Left and right channel of the whole show: a chord, or noise, for each shot."""
    samples = SAMPLE_RATE // RATE
    starts = [0, *truth.boundaries, truth.n_frames]
    parts = [
        _shot_sound(tone, (end - start) * samples)
        for tone, start, end in zip(truth.tones, starts[:-1], starts[1:], strict=True)
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _shot_sound(tone: float | None, count: int) -> NDArray[np.float64]:
    at = np.arange(count) / SAMPLE_RATE
    swell = np.minimum(1.0, np.minimum(at, at[::-1]) / 0.02)
    if tone is None:
        noise = np.random.default_rng(7).standard_normal((2, count))
        surf = 0.6 + 0.4 * np.sin(np.pi * at)
        return np.asarray(0.08 * noise * surf * swell)
    chord = (
        np.sin(2 * np.pi * tone * at),
        np.sin(2 * np.pi * tone * 1.25 * at),
        np.sin(2 * np.pi * tone * 1.5 * at),
    )
    left = 0.22 * chord[0] + 0.10 * chord[1] + 0.05 * chord[2]
    right = 0.22 * chord[0] + 0.05 * chord[1] + 0.10 * chord[2]
    return np.asarray(np.stack([left, right]) * swell)
