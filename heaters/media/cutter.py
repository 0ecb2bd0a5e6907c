"""Encode one approved clip, once, from the gold master: exactly its frames, exactly its samples, checked.

Every picture is compared with the checksum that `prepare` took before it goes to the encoder, and the finished file is
read back, before the caller may publish it.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np
from av import library_versions

from heaters.errors import MediaError, VerificationFailed
from heaters.media.cut_check import read_back
from heaters.media.cut_sound import RangeOfSound, clock_restarts
from heaters.media.cut_streams import SoundTrack, Times, copied_pictures, encoded_pictures
from heaters.media.formats import default_audio
from heaters.media.master import MasterWriter
from heaters.media.matroska_aspect import write_aspect
from heaters.media.picture import Picture, picture_crc
from heaters.media.presets import PRESETS, Preset
from heaters.media.sealing import seal
from heaters.media.seeking import own_times
from heaters.media.source import Source
from heaters.media.writing import writes_to

if TYPE_CHECKING:
    from av.container import OutputContainer

__all__ = ["Cut", "CutSpec", "Preset", "cut"]

Progress = Callable[[int], None]
_LARGEST_TIMESCALE: Final = (1 << 31) - 1  # a signed 32-bit field of MP4


@dataclass(frozen=True, slots=True)
class CutSpec:
    """One clip to encode.

    Attributes:
        master: local path of the gold master, or of the original in `source` mode.
        original_is_master: True in `source` mode.
        start_frame, end_frame: the half-open range of frames.
        pts: exact times of *all* pictures of the source, then the end of the last one: `n_frames + 1` numbers.
        time_base: unit of `pts` in seconds, as `"1/12800"`.
        picture_crc32: checksums of the pictures of the range.
        rotation: degrees clockwise that make the pictures upright.
        preset: a name in `PRESETS`.
        output: path to write, of a `.part` file; the container is the preset's.
        audio_start: when sample 0 of the sound is heard, in seconds on the clock of `pts`, as `"1/48000"`; None takes
            it from the master, where Matroska rounds it to a millisecond.
        sar: width of a stored pixel by its height, as `"64/45"`; None takes what the master says.
        start_pts: not used; `pts` says it.
        metadata: for the file's header, as FFmpeg names it: title, show, comment…
    """

    master: str
    original_is_master: bool
    start_frame: int
    end_frame: int
    pts: Sequence[int]
    time_base: str
    picture_crc32: Sequence[int]
    rotation: int
    preset: str
    output: str
    audio_start: str | None = None
    sar: str | None = None
    start_pts: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Cut:
    """One clip that was encoded and read back.

    Attributes:
        frames: pictures in the file.
        duration: seconds from the first picture to the end of the last one.
        bytes, sha256: of the file.
        audio: codec, rate, the range of the source's samples, how many of them were silence; None without sound.
        encoder: settings and versions of the libraries.
        seconds: wall time that it took.
        warnings: what a user should know.
    """

    frames: int
    duration: float
    bytes: int
    sha256: str
    audio: dict[str, Any] | None
    encoder: dict[str, Any]
    seconds: float
    warnings: list[str] = field(default_factory=list)


def cut(spec: CutSpec, progress: Progress | None = None) -> Cut:
    """Encode, check, fsync; the file is not renamed.

    Args:
        spec: what to encode.
        progress: called with the number of pictures done so far.

    Raises:
        ValueError: an unknown preset, or a range that is empty or does not fit the tables.
        VerificationFailed: a picture of the master, or the file that was written, is not what it must be.
        DamagedMedia: the master does not show these frames.
        OSError: the disk is full or can't be written.
    """
    began = time.monotonic()
    preset, times = _check(spec)
    with writes_to(spec.output):
        audio = _write_file(spec, preset, times, progress)
    read_back(spec.output, preset, times, spec.picture_crc32)
    size, digest = seal(spec.output)
    return Cut(
        frames=times.count,
        duration=float(times.duration),
        bytes=size,
        sha256=digest,
        audio=audio,
        encoder={"settings": preset.settings(), "libraries": _libraries()},
        seconds=time.monotonic() - began,
        warnings=_warnings(audio),
    )


class _Differs(VerificationFailed):
    """A picture is not the one that was prepared."""


def _write_file(
    spec: CutSpec, preset: Preset, times: Times, progress: Progress | None
) -> dict[str, Any] | None:
    if preset.upright:
        return _with_retry(spec, partial(_encode, spec, preset, times, progress))
    if spec.original_is_master:
        return _with_retry(spec, partial(_encode_then_copy, spec, preset, times, progress))
    return _copy(spec, spec.master, preset, times, progress)


def _check(spec: CutSpec) -> tuple[Preset, Times]:
    if spec.preset not in PRESETS:
        raise ValueError(f"no preset {spec.preset!r}; there are {', '.join(PRESETS)}")
    if not 0 <= spec.start_frame < spec.end_frame < len(spec.pts):
        raise ValueError(
            f"frames {spec.start_frame} to {spec.end_frame} are not in a table of {len(spec.pts) - 1}"
        )
    if len(spec.picture_crc32) != spec.end_frame - spec.start_frame:
        raise ValueError(
            f"{len(spec.picture_crc32)} checksums for {spec.end_frame - spec.start_frame} frames"
        )
    times = Times.of_range(spec.pts, spec.start_frame, spec.end_frame, Fraction(spec.time_base))
    return PRESETS[spec.preset], times


def _with_retry(spec: CutSpec, run: Callable[..., dict[str, Any] | None]) -> dict[str, Any] | None:
    """Seek first. An original may decode otherwise after a seek (intra refresh, concealed damage): then count through."""
    try:
        return run(whole=False)
    except _Differs:
        if not spec.original_is_master:
            raise
    return run(whole=True)


def _pictures(spec: CutSpec, source: Source, *, whole: bool) -> Iterator[Picture]:
    """The pictures of the range, each one checked."""
    start, end = spec.start_frame, spec.end_frame
    found = source.pictures_range(start, end, spec.pts[:-1])
    if whole:
        found = itertools.islice(source.pictures(), start, end)
    size: tuple[int, int, str] | None = None
    for number, (picture, crc) in enumerate(zip(found, spec.picture_crc32, strict=True), start):
        kind = (picture.frame.width, picture.frame.height, picture.frame.format.name)
        if size not in (None, kind):
            raise MediaError(
                f"{spec.master}: the picture size changes at frame {number}; split the clip there"
            )
        size = kind
        if picture_crc(picture.frame) != crc:
            raise _Differs(
                f"{spec.master}: frame {number} is not the picture that was prepared; run `heaters verify`",
                path=spec.master, frame=number,
            )  # fmt: skip
        yield picture


def _encode(
    spec: CutSpec, preset: Preset, times: Times, progress: Progress | None, *, whole: bool
) -> dict[str, Any] | None:
    with Source(spec.master) as source, contextlib.ExitStack() as stack:
        pictures = _pictures(spec, source, whole=whole)
        first = next(pictures)
        film = stack.enter_context(_open_output(spec, preset, times))
        encoder = encoded_pictures(film, preset, first.frame, _sar(spec, source), spec.rotation, times)
        sound = _sound(spec, source, film, preset, stack)
        for done, picture in enumerate(itertools.chain([first], pictures), 1):
            _write(film, encoder.put(picture.frame), sound, times)
            if progress:
                progress(done)
        _write(film, encoder.finish(), sound, times)
        return _end(sound)


def _copy(
    spec: CutSpec, master: str, preset: Preset, times: Times, progress: Progress | None
) -> dict[str, Any] | None:
    """Packets of the pictures from `master`, sound from the spec's master; they differ in `source` mode."""
    given = master == spec.master
    start = spec.start_frame if given else 0
    table = spec.pts if given else times.pts
    with Source(master) as pictures, Source(spec.master) as source, contextlib.ExitStack() as stack:
        film = stack.enter_context(_open_output(spec, preset, times))
        sar = _sar(spec, source)
        packets = copied_pictures(film, pictures, table, start, spec.rotation, sar, times)
        sound = _sound(spec, source, film, preset, stack)
        for done, packet in enumerate(packets, 1):
            _write(film, [packet], sound, times)
            if progress:
                progress(done)
        report = _end(sound)
    if sar != 1:
        write_aspect(spec.output, sar)
    return report


def _encode_then_copy(
    spec: CutSpec, preset: Preset, times: Times, progress: Progress | None, *, whole: bool
) -> dict[str, Any] | None:
    """In `source` mode there is no master to copy from: make one of these frames, beside the output."""
    master = f"{spec.output}.pictures.part"
    try:
        with Source(spec.master) as source:
            pictures = _pictures(spec, source, whole=whole)
            first = next(pictures)
            writer = MasterWriter(master, source, first, [], 0)
            try:
                for picture in itertools.chain([first], pictures):
                    writer.picture(replace(picture, number=picture.number - first.number))
                writer.close()
            finally:
                writer.drop()
        return _copy(spec, master, preset, times, progress)
    finally:
        Path(master).unlink(missing_ok=True)


def _sar(spec: CutSpec, source: Source) -> Fraction:
    return Fraction(spec.sar) if spec.sar else source.sar


def _sound(
    spec: CutSpec, source: Source, film: OutputContainer, preset: Preset, stack: contextlib.ExitStack
) -> SoundTrack | None:
    if default_audio(source.container) is None:
        return None
    table, unit = np.asarray(spec.pts, np.int64), Fraction(spec.time_base)
    begin, end = (int(table[frame]) * unit for frame in (spec.start_frame, spec.end_frame))
    own = int(own_times(source, table[:-1])[spec.start_frame]) * source.time_base
    audio_start = None if spec.audio_start is None else Fraction(spec.audio_start)
    sound = stack.enter_context(
        RangeOfSound(
            spec.master,
            shift=begin - own,
            audio_start=audio_start,
            restarts=clock_restarts(source, int(table[-1] - table[0]) * unit),
        )
    )
    first, last = (round((one - sound.start) * sound.rate) for one in (begin, end))
    return SoundTrack(film, preset, sound, first, last)


def _write(film: OutputContainer, packets: Iterable[Any], sound: SoundTrack | None, times: Times) -> None:
    """Write packets of pictures, with the sound up to them: players want both close together."""
    for packet in packets:
        if sound:
            sound.advance(times.seconds(int(packet.pts or 0)))
        film.mux_one(packet)


def _end(sound: SoundTrack | None) -> dict[str, Any] | None:
    if sound is None:
        return None
    sound.advance(None)
    return sound.report()


def _open_output(spec: CutSpec, preset: Preset, times: Times) -> OutputContainer:
    options = dict(preset.container_options)
    if preset.container == "mp4":
        # The default, a millisecond, rounds the length of the edit list and so the end of the last picture.
        options["movie_timescale"] = str(min(times.time_base.denominator, _LARGEST_TIMESCALE))
    film = av.open(spec.output, "w", format=preset.container, container_options=options)
    film.metadata.update(spec.metadata)
    return film


def _libraries() -> dict[str, str]:
    versions = {name: ".".join(map(str, version)) for name, version in library_versions.items()}
    return {"av": av.__version__, **versions}


def _warnings(audio: dict[str, Any] | None) -> list[str]:
    found = []
    if audio and audio["silent"]:
        found.append(
            f"{audio['silent']} of {audio['samples']} samples are silence: the source has no sound there"
        )
    if audio and audio["refused"]:
        found.append(f"{audio['refused']} sound packets can't be decoded")
    return found
