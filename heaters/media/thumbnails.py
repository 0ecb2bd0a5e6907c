"""Pictures straight from the review proxy: every frame is an IDR, so its bytes and the avcC are all it takes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import av
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from PIL import Image

from heaters.errors import VerificationFailed

DEFAULT_WIDTH: Final = 320
DEFAULT_QUALITY: Final = 75  # WebP: about 6 kB at 320 pixels
_WEBP_EFFORT: Final = 2  # of 0 to 6; 4, Pillow's default, costs twice the time for 3 % fewer bytes


def read_packets(
    proxy: str | Path,
    offsets: Sequence[int],
    sizes: Sequence[int],
    crcs: Sequence[int],
    frames: Sequence[int] | None = None,
) -> Iterator[bytes]:
    """Read frames of the proxy by byte range, in the order given.

    Args:
        proxy: the MP4 file.
        offsets: first byte of each frame in the file.
        sizes: bytes of each frame.
        crcs: CRC-32 of these bytes, as the frame index has them.
        frames: the frame numbers, for the error; default: each one's place in `offsets`, 0-based.

    Raises:
        VerificationFailed: the file is gone, ends early or holds other bytes; names the frame.
    """
    numbers = range(len(offsets)) if frames is None else frames
    try:
        with Path(proxy).open("rb") as file:
            for number, offset, size, crc in zip(numbers, offsets, sizes, crcs, strict=True):
                file.seek(int(offset))
                packet = file.read(int(size))
                refuse_damaged(packet, proxy, int(number), int(offset), int(size), int(crc))
                yield packet
    except OSError as error:
        raise VerificationFailed(
            f"the proxy {proxy} can't be read ({error.strerror}): prepare the source again", path=str(proxy)
        ) from error


def refuse_damaged(packet: bytes, proxy: str | Path, frame: int, offset: int, size: int, crc: int) -> None:
    """Hold the bytes of one frame to the frame index.

    Raises:
        VerificationFailed: they are too few or others; names the frame and the proxy.
    """
    if len(packet) != size or zlib.crc32(packet) != crc:
        raise _damaged(proxy, frame, offset, size, len(packet))


def decode_frame(avcc: bytes, packet: bytes) -> Image.Image:
    """Decode one frame of the proxy, upright and with square pixels as the proxy is.

    Args:
        avcc: the AVCDecoderConfigurationRecord of the proxy.
        packet: bytes of the frame, as they lie in the file.

    Raises:
        VerificationFailed: the bytes are no picture.
    """
    codec = CodecContext.create("h264", "r")
    assert isinstance(codec, VideoCodecContext)
    codec.extradata = avcc
    codec.thread_count = 1  # threads cost more to start than one picture takes
    try:
        frames = [*codec.decode(av.Packet(packet)), *codec.decode(None)]
    except av.FFmpegError as error:
        raise VerificationFailed(
            f"{len(packet)} bytes of the proxy are no picture ({error.strerror})"
        ) from error
    if len(frames) != 1:
        raise VerificationFailed(
            f"{len(packet)} bytes of the proxy hold {len(frames)} pictures instead of one"
        )
    return Image.fromarray(frames[0].to_ndarray(format="rgb24"))


def thumbnail(
    avcc: bytes, packet: bytes, width: int = DEFAULT_WIDTH, quality: int = DEFAULT_QUALITY
) -> bytes:
    """One frame of the proxy as WebP, `width` pixels wide (never larger than the proxy), its shape kept."""
    picture = decode_frame(avcc, packet)
    wide = min(width, picture.width)
    small = picture.resize((wide, max(1, round(picture.height * wide / picture.width))), Image.Resampling.BOX)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=quality, method=_WEBP_EFFORT)
    return buffer.getvalue()


def _damaged(proxy: str | Path, frame: int, offset: int, size: int, got: int) -> VerificationFailed:
    what = f"ends after {got} of its {size} bytes" if got != size else "has another checksum than recorded"
    return VerificationFailed(
        f"frame {frame} of the proxy {proxy} (byte {offset}) {what}: prepare the source again",
        path=str(proxy),
        frame=frame,
        offset=offset,
    )
