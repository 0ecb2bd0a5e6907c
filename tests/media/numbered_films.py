"""Films whose pictures say their number and whose samples say theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS = 12
RATE = 48_000


@dataclass(frozen=True)
class Film:
    """How to make one. `pts` are in units of `time_base`; those below 0 are cut off by an edit list (MP4)."""

    pts: tuple[int, ...]
    time_base: Fraction
    rate: Fraction = Fraction(25)
    container: str = "mp4"
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "veryfast", "crf": "12"})
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (240, 160)  # upright, in stored pixels
    rotation: int = 0  # clockwise, to make it upright
    sar: Fraction = Fraction(1)
    interlaced: bool = False
    audio: str | None = "pcm_s16le"
    audio_start: Fraction = Fraction(0)
    colours: tuple[int, int, int, int] = (1, 1, 1, 1)  # range, primaries, transfer, matrix
    movie_timescale: int = 1000  # in which MOV states when a track begins
    grain: int = 0  # steps of luma, below the bars: so much that frames have the size of real ones

    @property
    def shown(self) -> list[int]:
        """The numbers of the pictures that decoding presents."""
        return [number for number, pts in enumerate(self.pts) if pts >= 0]


def steady(count: int, step: int = 1, start: int = 0) -> tuple[int, ...]:
    return tuple(start + step * number for number in range(count))


def picture(number: int, size: tuple[int, int], *, deep: bool = False) -> NDArray[np.uint16]:
    """Luma, upright: bars of the number above, its lowest bits as a shade below, a mark in the lower left corner."""
    width, height = size
    luma = np.full((height, width), 60 + number % 8 * 10, np.uint16)
    bits = [int(bit) for bit in f"{number:0{BITS}b}"]
    for place, bit in enumerate(bits):
        luma[: height // 2, place * width // BITS : (place + 1) * width // BITS] = 235 if bit else 16
    luma[-height // 5 :, : width // 8] = 235
    return luma << 2 if deep else luma


def read_number(frame: av.VideoFrame) -> int:
    """The number of an upright picture of any size; fails where it is turned or mirrored."""
    deep = max(part.bits for part in frame.format.components) > 8
    plane = frame.planes[0]
    kind = np.uint16 if deep else np.uint8
    luma = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : frame.width].astype(float)
    luma = luma / 4 if deep else luma
    height, width = luma.shape
    assert luma[-height // 8 :, : width // 12].mean() > 180, "the mark is not in the lower left corner"
    assert luma[-height // 8 :, -width // 8 :].mean() < 160, "the mark is in the lower right corner"
    rows = luma[height // 8 : height * 3 // 8]
    levels = [rows[:, round((place + 0.5) * width / BITS)].mean() for place in range(BITS)]
    assert all(level < 70 or level > 180 for level in levels), f"no bars here: {levels}"
    return int("".join("1" if level > 125 else "0" for level in levels), 2)


def noise(count: int, channels: int = 2) -> NDArray[np.int16]:
    """Sound in which every place can be told from every other: smoothed noise, `[channels, count]`."""
    rough = np.stack([np.random.default_rng(seed).normal(size=count + 64) for seed in range(channels)])
    smooth = np.stack([np.convolve(row, np.hanning(12) / 4, "same") for row in rough])[:, :count]
    return np.clip(smooth * 5000, -32_000, 32_000).astype(np.int16)


def make(path: Path, film: Film) -> Path:
    timescale = {"movie_timescale": str(film.movie_timescale)} if film.container == "mov" else {}
    with av.open(str(path), "w", format=film.container, options=timescale) as out:
        stream = out.add_stream(film.codec, rate=film.rate, options=dict(film.options))
        turned = film.size[::-1] if film.rotation % 180 else film.size
        stream.width, stream.height, stream.pix_fmt = *turned, film.pix_fmt
        stream.codec_context.time_base = film.time_base
        stream.time_base = film.time_base
        stream.codec_context.sample_aspect_ratio = film.sar
        context = stream.codec_context
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = film.colours
        if film.rotation:
            stream.set_display_rotation(-film.rotation)
        sound = _add_sound(out, film) if film.audio else None
        _write_pictures(out, stream, film)
        if sound:
            _write_sound(out, sound, film)
    return path


def _write_pictures(out: av.container.OutputContainer, stream: av.VideoStream, film: Film) -> None:
    ends = [*film.pts[1:], film.pts[-1] + round(1 / (film.rate * film.time_base))]
    durations = dict(zip(film.pts, (b - a for a, b in zip(film.pts, ends, strict=True)), strict=True))
    for number, pts in enumerate(film.pts):
        frame = _frame(number, film)
        frame.pts, frame.time_base = pts, film.time_base
        for packet in stream.encode(frame):
            packet.duration = durations[packet.pts]
            out.mux(packet)
    for packet in stream.encode():
        packet.duration = durations[packet.pts]
        out.mux(packet)


def _frame(number: int, film: Film) -> av.VideoFrame:
    deep = film.pix_fmt.endswith("10le")
    upright = picture(number, film.size, deep=deep)
    if film.grain:
        rough = upright[film.size[1] // 2 : film.size[1] * 3 // 4]
        rough += np.random.default_rng(number).integers(0, film.grain, rough.shape, np.uint16)
    luma = np.rot90(upright, film.rotation // 90)  # counter-clockwise: stored
    kind = np.uint16 if deep else np.uint8
    frame = av.VideoFrame(luma.shape[1], luma.shape[0], film.pix_fmt)
    for index, plane in enumerate(frame.planes):
        rows = np.zeros((plane.height, plane.line_size), np.uint8).view(kind)
        rows[:] = 512 if deep else 128
        if index == 0:
            rows[:, : luma.shape[1]] = luma
        plane.update(rows.tobytes())
    frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = film.colours
    return frame


def _add_sound(out: av.container.OutputContainer, film: Film) -> av.AudioStream:
    sound = out.add_stream(film.audio, rate=RATE)
    sound.codec_context.layout = "stereo"
    if film.audio == "aac":
        sound.codec_context.bit_rate = 192_000
    return sound


def _write_sound(out: av.container.OutputContainer, sound: av.AudioStream, film: Film) -> None:
    seconds = film.pts[-1] * film.time_base + 1 / film.rate
    samples = noise(round((seconds - film.audio_start) * RATE))
    first = round(film.audio_start * RATE)
    for at in range(0, samples.shape[1], 1024):
        block = np.ascontiguousarray(samples[:, at : at + 1024].T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(block, "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, first + at, Fraction(1, RATE)
        out.mux(sound.encode(frame))
    out.mux(sound.encode())
