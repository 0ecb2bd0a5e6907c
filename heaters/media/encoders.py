"""Whether the installed PyAV can do what the pipeline needs."""

from __future__ import annotations

from typing import Final

import av
from av import library_versions
from av.codec import Codec

NEEDED: Final = ("ffv1", "libx264", "aac", "flac")
"""Gold master, proxy and clips, their sound, lossless sound."""


def encoder_versions() -> str:
    """The versions of PyAV and its codec library, in words.

    Raises:
        OSError: an encoder is missing in this build.
    """
    missing = [name for name in NEEDED if not _can_encode(name)]
    if missing:
        raise OSError(
            f"this build of PyAV lacks the encoders {', '.join(missing)}: install the wheel of PyPI (pip install av)"
        )
    codec = ".".join(map(str, library_versions["libavcodec"]))
    return f"PyAV {av.__version__} with libavcodec {codec}: {', '.join(NEEDED)}"


def _can_encode(name: str) -> bool:
    try:
        return Codec(name, "w").is_encoder
    except ValueError:  # av.codec.UnknownCodecError is one
        return False
