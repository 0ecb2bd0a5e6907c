"""What heaters opens, and how: every untrusted file goes through `open_input`.

Without the two whitelists an ffconcat script named `.mp4` reads its siblings, and an `.m3u8` opens any `file://`
path (FFmpeg 8.1). Playlists, image readers and devices are therefore not on the list.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
from av.stream import Disposition

from heaters.errors import NotAVideo

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

#: Demuxers of self-contained films. Sound-only ones are here so that their refusal can say "no video stream".
FORMATS: Final = (
    "mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "flv", "asf", "ogg", "mxf",
    "gif", "apng", "nut", "ivf", "obu", "rm", "wtv", "gxf", "dv", "yuv4mpegpipe", "h264", "hevc",
    "mp3", "wav", "w64", "flac", "aac", "aiff", "caf", "amr", "ac3", "eac3", "dts", "ape", "wv", "au",
)  # fmt: skip
#: For `av.open(options=)`; a file may only be read as itself.
OPEN_OPTIONS: Final = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}

_BOXES: Final = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof", b"uuid"}
)
_PICTURES: Final = (
    b"\xff\xd8\xff", b"\x89PNG\r\n", b"BM", b"II*\x00", b"MM\x00*", b"8BPS", b"\x00\x00\x01\x00",
    b"\x76\x2f\x31\x01", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"\x00\x00\x00\x0cjP  ",
    b"\x00\x00\x00\x0cJXL ", b"\xff\x0a",
)  # fmt: skip
_SCRIPTS: Final = (b"ffconcat", b"#EXTM3U", b"<?xml", b"<MPD", b"<smil", b"v=0", b"[playlist]")
_ATTACHED: Final = Disposition.attached_pic | Disposition.timed_thumbnails


def open_input(path: str | Path) -> InputContainer:
    """Open a film for reading, under the whitelists; the caller closes it.

    Raises:
        NotAVideo: the path is missing, unreadable, not a regular file, empty, cut off before its index, a
            single picture, a playlist, or not a media file at all. What the streams hold is not looked at here.
    """
    file = Path(path)
    _check_file(file)
    try:
        # An absolute path can't be taken for a protocol ("data:x.mp4").
        return av.open(str(file.absolute()), options=dict(OPEN_OPTIONS), metadata_errors="replace")
    except av.error.PermissionError:
        raise NotAVideo(
            f"{file} can't be read: permission denied; make it readable for this user", path=str(file)
        ) from None
    except av.error.MemoryError:
        raise
    except (av.error.FFmpegError, OSError) as error:
        raise NotAVideo(f"{file} {_reason(file, error)}", path=str(file)) from error


def film_stream(container: InputContainer, path: str | Path) -> VideoStream:
    """The stream of pictures to work on: never an attached picture; the default one, else the first.

    Raises:
        NotAVideo: there is none.
    """
    films = [one for one in container.streams.video if not one.disposition & _ATTACHED]
    if films:
        return min(films, key=lambda one: (not one.disposition & Disposition.default, one.index))
    why = " (an attached picture is not a film)" if container.streams.video else ""
    raise NotAVideo(f"{path} has no video stream{why}; give a file with moving pictures", path=str(path))


def default_audio(container: InputContainer) -> AudioStream | None:
    """The sound track of proxy and exports: the one marked default, else the first; None without sound.

    Tracks whose codec this FFmpeg can't decode don't count.
    """
    tracks = [one for one in container.streams.audio if one.codec_context is not None]
    return min(tracks, key=lambda one: (not one.disposition & Disposition.default, one.index), default=None)


def _check_file(file: Path) -> None:
    facts = {"path": str(file)}
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotAVideo(f"{file} does not exist; check the path", **facts) from None
    except PermissionError:
        raise NotAVideo(
            f"{file} can't be reached: permission denied; make its folder readable for this user", **facts
        ) from None
    except (OSError, ValueError) as error:
        raise NotAVideo(f"{file} can't be read: {error}", **facts) from None
    if stat.S_ISDIR(status.st_mode):
        raise NotAVideo(f"{file} is a folder, not a video file", **facts)
    if not stat.S_ISREG(status.st_mode):
        raise NotAVideo(f"{file} is not a regular file; copy the video to disk first", **facts)
    if status.st_size == 0:
        raise NotAVideo(f"{file} is an empty file; upload or download it again", **facts)


def _reason(file: Path, error: Exception) -> str:
    """Why FFmpeg would not open it, from the first bytes: its own message is the same for most cases."""
    with file.open("rb") as stream:
        head = stream.read(64)
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "is a single picture, not a video"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_SCRIPTS):
        return "is a playlist or a script, not a video; give the video file itself"
    if head[4:8] in _BOXES or head[:4] == b"\x1aE\xdf\xa3":
        return "is not a readable video (the upload or download is incomplete)"
    if isinstance(error, av.error.ArgumentError):
        return "is in a format that heaters does not open; convert it to MP4 or MKV first"
    if isinstance(error, OSError) and not isinstance(error, av.error.InvalidDataError):
        return f"can't be read: {error.strerror or error}"
    return "is not a media file"
