"""PySceneDetect's own detectors, fed with the frames of the review proxy one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import (
    FrameTimecode,
    HashDetector,
    HistogramDetector,
    SceneDetector,
    StatsManager,
    ThresholdDetector,
)

from heaters.errors import MediaError
from heaters.media.scores import scored_size

# PySceneDetect measures in time stamps; with one frame per tick of a constant rate its times are frame numbers.
_RATE: Final = 25.0
_MAKE: Final[Mapping[str, Callable[[float, int], SceneDetector]]] = {
    "threshold": lambda threshold, length: ThresholdDetector(int(threshold), min_scene_len=length),
    "hash": lambda threshold, length: HashDetector(threshold, min_scene_len=length),
    "histogram": lambda threshold, length: HistogramDetector(threshold, min_scene_len=length),
}


def replay(
    proxy: Path, detector: str, threshold: float, min_shot_frames: int, n_frames: int
) -> tuple[list[int], NDArray[np.float32]]:
    """Decode the proxy through one of PySceneDetect's detectors.

    Frames are counted as they are decoded, so numbers also hold for a variable frame rate.

    Returns:
        The cuts, and float32[n] of the detector's own measure.

    Raises:
        MediaError: the proxy can't be decoded or does not hold `n_frames` frames.
    """
    made = _MAKE[detector](threshold, min_shot_frames)
    stats = StatsManager()
    stats.register_metrics(made.get_metrics())
    made.stats_manager = stats
    score = np.zeros(n_frames, np.float32)
    cuts: list[FrameTimecode] = []
    number = -1
    for number, picture in enumerate(_scaled_pictures(proxy)):
        if number == n_frames:
            break
        time = FrameTimecode(number, fps=_RATE)
        cuts += made.process_frame(time, picture)
        score[number] = stats.get_metrics(time, made.get_metrics())[0] or 0.0
    if number + 1 != n_frames:
        raise MediaError(
            f"{proxy} does not hold the {n_frames} frames that were scored: prepare the source again",
            path=str(proxy),
        )
    cuts += made.post_process(FrameTimecode(max(number, 0), fps=_RATE))
    frames = {cut.frame_num for cut in cuts}
    return sorted(frame for frame in frames if 0 < frame < n_frames), score


def _scaled_pictures(proxy: Path) -> Iterator[NDArray[Any]]:
    """BGR pictures of the size that PySceneDetect's SceneManager would hand to its detectors."""
    try:
        with av.open(str(proxy), options={"protocol_whitelist": "file"}) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                size = scored_size(frame.width, frame.height)
                yield cv2.resize(frame.to_ndarray(format="bgr24"), size, interpolation=cv2.INTER_LINEAR)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise MediaError(
            f"{proxy} can't be decoded ({error}): prepare the source again", path=str(proxy)
        ) from error
