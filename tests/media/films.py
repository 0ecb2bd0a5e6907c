"""Small films made on the spot, with pictures and sound that say which frame and which moment they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 48_000


def numbered(number: int, size: tuple[int, int], pixels: str) -> av.VideoFrame:
    """A noisy picture; equal for equal numbers."""
    width, height = size
    noise = np.random.default_rng(number).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    colours = np.kron(noise, np.ones((8, 8, 1), np.uint8))[:height, :width]
    if pixels == "pal8":
        palette = np.full((256, 4), 255, np.uint8)
        palette[:, 1:] = np.random.default_rng(0).integers(0, 256, (256, 3))
        return av.VideoFrame.from_ndarray((np.ascontiguousarray(colours[..., 0]), palette), format="pal8")
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(colours), format="rgb24").reformat(format=pixels)


def write_film(
    path: Path, frames: Sequence[int] | int = 12, *, codec: str = "ffv1", pixels: str = "yuv420p",
    size: tuple[int, int] = (64, 48), rate: Fraction | int = 25, times: Sequence[int] | None = None,
    time_base: Fraction | None = None, options: dict[str, str] | None = None, sound: Sound | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:  # fmt: skip
    """Write `frames` pictures, at `times` in units of `time_base` (default: one after the other)."""
    numbers = range(frames) if isinstance(frames, int) else frames
    with av.open(str(path), "w", container_options=container_options or {}) as film:
        stream = film.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = time_base or Fraction(1) / rate
        track = sound.add_to(film) if sound else None
        for place, number in enumerate(numbers):
            frame = numbered(number, size, pixels)
            frame.pts = times[place] if times else place
            frame.time_base = stream.codec_context.time_base
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
        if sound and track:
            sound.write(film, track)
    return path


class Sound:
    """Silence with clicks at given seconds."""

    def __init__(
        self, clicks: Sequence[float], seconds: float, *, start: float = 0, codec: str = "pcm_s16le",
        format: str = "s16", rate: int = RATE, layout: str = "stereo",  # noqa: A002
    ) -> None:  # fmt: skip
        self.clicks, self.seconds, self.start = clicks, seconds, start
        self.codec, self.format, self.rate, self.layout = codec, format, rate, layout

    def samples(self) -> np.ndarray:
        """float in [-1, 1], one row for each channel."""
        count = round((self.seconds - self.start) * self.rate)
        channels = av.AudioLayout(self.layout).nb_channels
        sound = np.zeros((channels, count))
        for click in self.clicks:
            at = round((click - self.start) * self.rate)
            sound[:, at : at + 24] = np.array([0.9, -0.9] * 12)[: max(0, count - at)]
        return sound

    def add_to(self, film: av.container.OutputContainer) -> av.AudioStream:
        track = film.add_stream(self.codec, rate=self.rate)
        track.codec_context.format, track.codec_context.layout = self.format, self.layout
        return track

    def write(self, film: av.container.OutputContainer, track: av.AudioStream) -> None:
        for frame in self.frames():
            film.mux(track.encode(frame))
        film.mux(track.encode(None))

    def frames(self) -> Iterator[av.AudioFrame]:
        scale = {"s16": 32767, "s32": 2147483647, "flt": 1, "fltp": 1, "s16p": 32767}[self.format]
        kind = {"s16": np.int16, "s32": np.int32, "flt": np.float32, "fltp": np.float32, "s16p": np.int16}[
            self.format
        ]
        samples = (self.samples() * scale).astype(kind)
        for begin in range(0, samples.shape[1], 1024):
            part = samples[:, begin : begin + 1024]
            planar = self.format.endswith("p")
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(part if planar else part.T.reshape(1, -1)), self.format, self.layout
            )
            frame.sample_rate, frame.time_base = self.rate, Fraction(1, self.rate)
            frame.pts = begin + round(self.start * self.rate)
            yield frame


def clicks_in(path: Path | str, stream: int = 0) -> list[float]:
    """Seconds at which the sound of a file clicks."""
    with av.open(str(path)) as container:
        track = container.streams.audio[stream]
        found: list[float] = []
        for frame in container.decode(track):
            samples = frame.to_ndarray().astype(float)
            channels = frame.layout.nb_channels
            loud = np.abs(samples if frame.format.is_planar else samples.reshape(-1, channels).T).max(axis=0)
            limit = 0.2 * {"s16": 32767, "s16p": 32767, "s32": 2**31, "s32p": 2**31}.get(frame.format.name, 1)
            at = float(frame.pts * track.time_base)
            found += [at + n / frame.sample_rate for n in np.nonzero(loud > limit)[0]]
    return [time for time, before in zip(found, [-1.0, *found], strict=False) if time - before > 0.05]
