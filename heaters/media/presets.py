"""Export presets: everything that decides what an exported clip looks like to a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Preset:
    """How approved clips are encoded.

    Attributes:
        extension: of the exported file, without a dot.
        container: name of the muxer.
        container_options: for the muxer.
        video: name of the encoder.
        video_options: for the encoder.
        upright: pictures are turned upright, scaled to square pixels and an even size, and deinterlaced;
            otherwise they stay as stored, and rotation and pixel aspect are metadata.
        audio: name of the encoder.
        audio_bits_per_channel: bits per second and channel; None for lossless sound.
    """

    name: str
    extension: str
    container: str
    container_options: Mapping[str, str]
    video: str
    video_options: Mapping[str, str]
    upright: bool
    audio: str
    audio_bits_per_channel: int | None

    def settings(self) -> dict[str, Any]:
        """All of it as JSON-able values: what a manifest records and what a hash of the settings is made of."""
        row = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in row.items()}


_H264: Final = Preset(
    name="h264",
    extension="mp4",
    container="mp4",
    container_options=MappingProxyType({"movflags": "+faststart"}),
    video="libx264",
    video_options=MappingProxyType({"preset": "medium", "crf": "18"}),
    upright=True,
    audio="aac",
    audio_bits_per_channel=96_000,
)
#: The options are those of the gold master, for the `source` mode where there is none to copy from.
_FFV1: Final = Preset(
    name="ffv1",
    extension="mkv",
    container="matroska",
    container_options=MappingProxyType({}),
    video="ffv1",
    video_options=MappingProxyType({"level": "3", "g": "1", "slicecrc": "1", "context": "0", "coder": "0"}),
    upright=False,
    audio="flac",
    audio_bits_per_channel=None,
)

#: By name, as `--preset` takes it.
PRESETS: Final[Mapping[str, Preset]] = MappingProxyType({one.name: one for one in (_H264, _FFV1)})
