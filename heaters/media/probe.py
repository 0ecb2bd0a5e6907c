"""Looking into an untrusted file before anything is stored: what it is, or one sentence why it is refused.

`probe_in_child` is for files from outside: a limited child process runs this module, so that a file that makes a
decoder eat memory, hang or crash costs one answer and not the program. It imports nothing but PyAV.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av

from heaters.errors import HeatersError, NotAVideo
from heaters.media import colours
from heaters.media.formats import default_audio, film_stream, open_input
from heaters.media.limits import limit_this_process, run_limited
from heaters.media.projection import projected_bytes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["Probe", "probe", "probe_in_child", "projected_bytes"]

GIB: Final = 1 << 30
#: A film whose first 500 packets give no picture is not waited for any longer (a GOP is rarely over 300 long).
_PACKETS_TO_TRY: Final = 500


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file says about itself, and what its first picture showed.

    Attributes:
        width, height: stored size in pixels, unrotated, not stretched by the pixel aspect.
        sar_num, sar_den: pixel aspect ratio, 1:1 where the file has none.
        rotation: degrees clockwise that make the picture upright: 0, 90, 180 or 270.
        fps_num, fps_den: average rate by the header, 0/1 where it does not say; never used to find a frame.
        time_base: seconds of one pts unit, as `"1/12800"`.
        duration: seconds by the header, None where it does not say.
        header_frames: frames by the header, often wrong; 0 where it does not say.
        bit_rate: bits per second of the whole file by the header, 0 where unknown.
        bits: bits per sample of the deepest component.
        audio: one row for each sound track: index, codec, rate, channels, default, language.
        decodable_first_frame: False when packets before the first picture could not be decoded.
        warnings: what a user should know although the file is accepted.
    """

    container: str
    codec: str
    pix_fmt: str
    width: int
    height: int
    sar_num: int
    sar_den: int
    rotation: int
    fps_num: int
    fps_den: int
    time_base: str
    duration: float | None
    header_frames: int
    bit_rate: int
    interlaced: bool
    bits: int
    color_range: str | None
    color_primaries: str | None
    color_transfer: str | None
    color_matrix: str | None
    hdr: bool
    alpha: bool
    audio: list[dict[str, Any]]
    subtitles: int
    decodable_first_frame: bool
    warnings: list[str]

    def as_json(self) -> dict[str, Any]:
        """A JSON-able dict that `from_json` reads back to an equal value."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Probe:
        """Read what `as_json` wrote; members of other versions are dropped."""
        return cls(**{one.name: row[one.name] for one in fields(cls)})


def probe(path: str | Path, *, max_pixels: int | None = None) -> Probe:
    """Look into a file in this process, decoding up to its first picture.

    Raises:
        NotAVideo: it can't be a source; the sentence names the file and the reason.
    """
    with open_input(path) as container:
        stream = film_stream(container, path)
        _check_codec(stream, path)
        _check_size(path, stream.codec_context.width, stream.codec_context.height, max_pixels)
        frame, failures = _first_picture(container, stream, path)
        _check_size(path, frame.width, frame.height, max_pixels)
        return _describe(container, stream, frame, failures)


def probe_in_child(
    path: str | Path, *, seconds: float, max_pixels: int, memory_bytes: int = 2 * GIB
) -> Probe:
    """Look into a file in a child process with limits on time, memory and what it may write (nothing).

    Raises:
        NotAVideo: as `probe`; also when the child crashed or needed more memory.
        MediaError: it took longer than `seconds`.
    """
    answer = run_limited(
        "heaters.media.probe", path, [str(max_pixels)], seconds=seconds, memory_bytes=memory_bytes
    )
    return Probe.from_json(answer)


def _check_codec(stream: VideoStream, path: str | Path) -> None:
    if stream.codec_context is None:
        raise NotAVideo(
            f"{path} can't be decoded: no decoder for its pictures; convert it to H.264 first", path=str(path)
        )


def _check_size(path: str | Path, width: int, height: int, max_pixels: int | None) -> None:
    if max_pixels is not None and width * height > max_pixels:
        raise NotAVideo(
            f"{path} has pictures of {width}x{height}, more than the {max_pixels} pixels allowed; "
            "scale it down, or raise the setting max_pixels",
            path=str(path), width=width, height=height, max_pixels=max_pixels,
        )  # fmt: skip


def _first_picture(
    container: InputContainer, stream: VideoStream, path: str | Path
) -> tuple[VideoFrame, int]:
    """The first picture that decodes, and how many packets before it did not."""
    stream.codec_context.thread_count = 1
    failures = 0
    encrypted = False
    try:
        for packet in itertools.islice(container.demux(stream), _PACKETS_TO_TRY):
            encrypted = encrypted or bool(packet.has_sidedata("encryption_info"))
            try:
                for frame in packet.decode():
                    return frame, failures
            except av.error.MemoryError:
                raise
            except av.error.FFmpegError:
                failures += 1
    except av.error.MemoryError:
        raise
    except (av.error.FFmpegError, OSError):
        failures += 1
    if encrypted:
        raise NotAVideo(
            f"{path} cannot be decoded (encrypted); give a copy without protection", path=str(path)
        )
    raise NotAVideo(
        f"{path} cannot be decoded: no picture in it can be read; the file is damaged", path=str(path)
    )


def _describe(container: InputContainer, stream: VideoStream, frame: VideoFrame, failures: int) -> Probe:
    context = stream.codec_context
    unit = Fraction(stream.time_base or Fraction(1, av.time_base))
    sar = Fraction(stream.sample_aspect_ratio or context.sample_aspect_ratio or 1)
    rate = Fraction(stream.average_rate or stream.guessed_rate or stream.base_rate or 0)
    alpha = any(part.is_alpha for part in frame.format.components) or stream.metadata.get("alpha_mode") == "1"
    return Probe(
        container=container.format.name,
        codec=context.codec.canonical_name,
        pix_fmt=frame.format.name,
        width=frame.width,
        height=frame.height,
        sar_num=sar.numerator,
        sar_den=sar.denominator,
        rotation=round(-frame.rotation / 90) * 90 % 360,
        fps_num=rate.numerator,
        fps_den=rate.denominator,
        time_base=f"{unit.numerator}/{unit.denominator}",
        duration=_duration(container, stream, unit),
        header_frames=max(0, stream.frames),
        bit_rate=container.bit_rate or 0,
        interlaced=bool(frame.interlaced_frame),
        bits=max(part.bits for part in frame.format.components),
        color_range=colours.RANGES.get(int(frame.color_range)),
        color_primaries=colours.PRIMARIES.get(int(frame.color_primaries)),
        color_transfer=colours.TRANSFERS.get(int(frame.color_trc)),
        color_matrix=colours.MATRICES.get(int(frame.colorspace)),
        hdr=int(frame.color_trc) in colours.HDR_TRANSFERS,
        alpha=alpha,
        audio=_tracks(container),
        subtitles=len(container.streams.subtitles),
        decodable_first_frame=failures == 0,
        warnings=_warnings(container, stream, frame, failures),
    )


def _duration(container: InputContainer, stream: VideoStream, unit: Fraction) -> float | None:
    if stream.duration and stream.duration > 0:
        return float(stream.duration * unit)
    return container.duration / av.time_base if container.duration and container.duration > 0 else None


def _tracks(container: InputContainer) -> list[dict[str, Any]]:
    chosen = default_audio(container)
    return [
        {
            "index": one.index,
            "codec": one.codec_context.codec.canonical_name if one.codec_context else None,
            "rate": one.codec_context.sample_rate if one.codec_context else None,
            "channels": one.codec_context.channels if one.codec_context else None,
            "default": one is chosen,
            "language": one.language,
        }
        for one in container.streams.audio
    ]


def _warnings(container: InputContainer, stream: VideoStream, frame: VideoFrame, failures: int) -> list[str]:
    found = []
    if failures:
        found.append(f"{failures} packets before the first picture can't be decoded")
    if stream.metadata.get("alpha_mode") == "1" and not any(
        part.is_alpha for part in frame.format.components
    ):
        found.append("its transparency (alpha) is dropped")
    others = sum(1 for one in container.streams.video if one is not stream)
    if others:
        found.append(f"only video stream {stream.index} is used, {others} other picture streams are not")
    mute = sum(1 for one in container.streams.audio if one.codec_context is None)
    if mute:
        found.append(f"{mute} sound tracks can't be decoded here")
    if container.streams.subtitles:
        found.append(
            f"{len(container.streams.subtitles)} subtitle tracks are not carried into proxy and exports"
        )
    return found


def main(arguments: list[str]) -> None:
    """The child's side: `python -m heaters.media.probe PATH SECONDS MEMORY_BYTES MAX_PIXELS`, JSON on stdout."""
    path, seconds, memory_bytes, max_pixels = arguments
    limit_this_process(float(seconds), int(memory_bytes))
    answer: dict[str, Any]
    try:
        answer = {"answer": probe(path, max_pixels=int(max_pixels)).as_json()}
    except HeatersError as error:
        answer = {"error": error.as_json(), "facts": error.facts}
    except MemoryError:
        answer = {"memory": True}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
