"""One decode pass over a source makes gold master, review proxy, frame index and frame scores.

source ──pictures──▶ ┌ master lane: FFV1 ────────────▶ gold master
       ──sound─────▶ ├ proxy lane: x264, AAC ────────▶ review proxy ──▶ packet table, sound alone
                     └ score lane: checksum, scores ─▶ frame index, frame scores
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heaters.errors import VerificationFailed
from heaters.media.decode_pass import DecodePass
from heaters.media.packets import PacketTable, read_table
from heaters.media.proxy import AUDIO_RATE, copy_sound
from heaters.media.readback import read_back, sample_frames
from heaters.media.sealing import seal
from heaters.media.source import Source
from heaters.media.writing import writes_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from heaters.media.frame_scores import FrameScores

_FEW: Final = 3  # with fewer pictures than this, distances say nothing about the rate
_RATE_TOLERANCE: Final = Fraction(1, 100)
_LARGEST_DENOMINATOR: Final = 100_000


@dataclass(frozen=True, slots=True)
class PrepareSpec:
    """What to prepare, and where to write; paths to write are complete, and renaming is the caller's part.

    Attributes:
        original: the file to read.
        master: the gold master to write; None in `source` mode, where the original is the master.
        proxy: the review proxy to write.
        audio: the sound of the proxy alone; not written when the source has no sound.
        allow_truncated: keep what can be decoded of a damaged source.
        proxy_height: upper limit in pixels.
        proxy_crf: quality for x264.
        proxy_fastdecode: tune the proxy for weak decoders.
    """

    original: str
    master: str | None
    proxy: str
    audio: str
    allow_truncated: bool = False
    proxy_height: int = 720
    proxy_crf: int = 23
    proxy_fastdecode: bool = False


@dataclass(slots=True, eq=False)
class Prepared:
    """What was made, and all that is known of every frame.

    Attributes:
        n_frames: pictures in original, master and proxy alike.
        fps: usual rate; for display and timecode only.
        time_base: unit of `pts`, `start_pts` and `end_pts`, in seconds.
        start_pts: when frame 0 is shown; sound and picture subtract it alike.
        end_pts: when the last frame ends.
        rotation: degrees clockwise that make the pictures upright.
        width: of the stored picture, before rotation.
        height: of the stored picture, before rotation.
        sar: width of a stored pixel by its height.
        proxy_width: of the proxy.
        proxy_height: of the proxy.
        pts: int64[n], exact.
        picture_crc32: uint32[n], of the source pictures.
        offset: int64[n], first byte of each proxy packet.
        size: int32[n], bytes of each proxy packet.
        crc32: uint32[n], of those bytes.
        codec: codec string of the proxy's pictures.
        avcc: decoder configuration record of the proxy's pictures.
        audio: None without sound; else of the source's default track `start_pts` (its first sample, priming not
            counted), `time_base` (its own), `rate`, `codec` and `track` (its number among the sound tracks); further
            `proxy_rate` and the `path` written. In the proxy and in that file, sound begins with frame 0.
        scores: one row for each frame.
        bytes: of `master`, `proxy` and `audio`, where written.
        sha256: of the same.
        seconds: `wall`, and busy time of `decode`, `master`, `proxy`, `scores`, `table`, `seal` and `readback`.
        warnings: sentences for the user.
    """

    n_frames: int
    fps: Fraction
    time_base: Fraction
    start_pts: int
    end_pts: int
    rotation: int
    width: int
    height: int
    sar: Fraction
    proxy_width: int
    proxy_height: int
    pts: NDArray[np.int64]
    picture_crc32: NDArray[np.uint32]
    offset: NDArray[np.int64]
    size: NDArray[np.int32]
    crc32: NDArray[np.uint32]
    codec: str
    avcc: bytes
    audio: dict[str, Any] | None
    scores: FrameScores
    bytes: dict[str, int] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def prepare(spec: PrepareSpec, progress: Callable[[int], None] | None = None) -> Prepared:
    """Decode the original once, write all artefacts, check them, and flush them to the disk.

    Args:
        spec: what to read and to write.
        progress: told how many pictures are done.

    Raises:
        NotAVideo: there is nothing to decode.
        DamagedMedia: a part can't be decoded and `allow_truncated` is off; or picture size or pixel format change.
        VerificationFailed: what was written is not what was decoded.
        MediaError: FFV1 can't hold the pixel format without loss.
        OSError: a file can't be written; it names the file.
    """
    began = time.perf_counter()
    with Source(spec.original) as source, ThreadPoolExecutor(1) as sealing:
        done = DecodePass(source, spec)
        done.run(progress)
        clock = _Clock(done.seconds)
        written = {"master": spec.master, "proxy": spec.proxy}
        sealed = {name: sealing.submit(seal, path) for name, path in written.items() if path}
        with clock("table"):
            table = read_table(spec.proxy)
            _check_table(spec.proxy, table, [done.proxy.time_of(pts) for pts in done.taken.pts])
        audio = done.sound.facts(spec.audio, AUDIO_RATE)
        if audio:
            with writes_to(spec.audio):
                copy_sound(spec.proxy, spec.audio)
            sealed["audio"] = sealing.submit(seal, spec.audio)
        prepared = _describe(source, done, table, audio)
        if spec.master:
            with clock("readback"):
                _check_master(spec.master, prepared)
        with clock("seal"):
            for name, facts in sealed.items():
                prepared.bytes[name], prepared.sha256[name] = facts.result()
    prepared.seconds = {"wall": time.perf_counter() - began, **done.seconds}
    return prepared


class _Clock:
    """Adds up the seconds of named parts."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._seconds[name] = time.perf_counter() - began


def _describe(source: Source, done: DecodePass, table: PacketTable, audio: dict[str, Any] | None) -> Prepared:
    pts = np.array(done.taken.pts, np.int64)
    frame = done.first.frame
    return Prepared(
        n_frames=len(pts), fps=_rate(source, pts), time_base=source.time_base, start_pts=int(pts[0]),
        end_pts=int(pts[-1]) + (done.taken.last_duration or source.step), rotation=source.rotation,
        width=frame.width, height=frame.height, sar=source.sar,
        proxy_width=done.proxy.width, proxy_height=done.proxy.height,
        pts=pts, picture_crc32=np.array(done.taken.crcs, np.uint32),
        offset=table.offset, size=table.size, crc32=table.crc32, codec=table.codec, avcc=table.avcc,
        audio=audio, scores=done.scores.finish(), warnings=[*source.warnings, *done.sound.warnings, *done.proxy.warnings],
    )  # fmt: skip


def _rate(source: Source, pts: NDArray[np.int64]) -> Fraction:
    """The stated rate where it fits the pictures, else the one they have."""
    if len(pts) < _FEW:
        return source.rate
    measured = (len(pts) - 1) / (int(pts[-1] - pts[0]) * source.time_base)
    for stated in (source.rate, source.video.average_rate):
        if stated and abs(Fraction(stated) / measured - 1) < _RATE_TOLERANCE:
            return Fraction(stated)
    return measured.limit_denominator(_LARGEST_DENOMINATOR)


def _check_table(proxy: str, table: PacketTable, times: list[int]) -> None:
    if len(table.time) != len(times):
        raise VerificationFailed(
            f"{proxy} has {len(table.time)} pictures for {len(times)} of the source; prepare it again",
            path=proxy,
        )
    wrong = np.nonzero(table.time != np.array(times, np.int64))[0]
    if len(wrong):
        raise VerificationFailed(
            f"{proxy} shows frame {wrong[0]} at another time than the source; prepare it again",
            path=proxy, frame=int(wrong[0]),
        )  # fmt: skip


def _check_master(master: str, prepared: Prepared) -> None:
    problems = read_back(master, prepared.pts, prepared.picture_crc32, sample_frames(prepared.n_frames))
    if problems:
        raise VerificationFailed(
            f"{problems[0].what}, at frame {problems[0].frame}; prepare the source again",
            path=master, frame=problems[0].frame,
        )  # fmt: skip
