"""When each frame of a source is shown: lookups by frame, by pts and by seconds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from operator import lt

from heaters.domain.timing import seconds as seconds_of
from heaters.errors import FrameOutsideClip


@dataclass(frozen=True, slots=True, eq=False)
class FrameTimes:
    """The exact times of all frames of one source; the distance of two frames need not be constant.

    Frame `n` is shown over `[pts[n], pts[n + 1])`, the last one up to `end_pts`. All pts are the source's own.

    Attributes:
        pts: strictly increasing, one for each frame, at least one; a list or an integer array.
        time_base: seconds of one tick.
        start_pts: what the proxy's times have been shifted by; it plays no part in lookups.
        end_pts: the end of the last frame.
    """

    pts: Sequence[int]
    time_base: Fraction
    start_pts: int
    end_pts: int

    def __post_init__(self) -> None:
        if not len(self.pts):
            raise ValueError("a frame index needs at least one frame")
        if not all(map(lt, self.pts, islice(self.pts, 1, None))):
            raise ValueError("the pts of a frame index must increase from frame to frame")
        if self.end_pts <= self.pts[-1]:
            raise ValueError(f"the last frame begins at pts {self.pts[-1]} and can't end at {self.end_pts}")
        if self.time_base <= 0:
            raise ValueError(f"a time base is above 0, not {self.time_base}")

    @property
    def n_frames(self) -> int:
        """Frames in the source."""
        return len(self.pts)

    @property
    def duration(self) -> float:
        """Seconds from the first picture to the end of the last one."""
        return self.seconds(self.n_frames)

    def pts_at(self, frame: int) -> int:
        """The pts at which a frame begins; for `n_frames`, the end of the last one.

        Raises:
            FrameOutsideClip: unless `0 <= frame <= n_frames`.
        """
        if not 0 <= frame <= self.n_frames:
            raise FrameOutsideClip(
                f"frame {frame} is outside the source: it has frames 0 to {self.n_frames - 1}", frame=frame
            )
        return int(self.pts[frame]) if frame < self.n_frames else self.end_pts

    def seconds(self, frame: int) -> float:
        """When a frame begins, counted from the first picture; `n_frames` gives the end."""
        return seconds_of(self.pts_at(frame) - int(self.pts[0]), self.time_base)

    def range_seconds(self, start_frame: int, end_frame: int) -> tuple[float, float]:
        """Begin and end of the half-open range of frames, counted from the first picture."""
        return self.seconds(start_frame), self.seconds(end_frame)

    def frame_at(self, seconds: float | Fraction) -> int:
        """The frame that is shown at a time counted from the first picture.

        A float that is the nearest one to a tick means that tick, so `frame_at(seconds(n)) == n` for every frame.

        Raises:
            FrameOutsideClip: before the first picture, or at or after the end of the last one.
        """
        ticks = Fraction(seconds) / self.time_base
        tick = round(ticks)
        on_tick = isinstance(seconds, float) and seconds_of(tick, self.time_base) == seconds
        return self.frame_at_pts((tick if on_tick else ticks.__floor__()) + int(self.pts[0]))

    def frame_at_pts(self, pts: int) -> int:
        """The frame that is shown at a pts of the source, also between two frames' own.

        Raises:
            FrameOutsideClip: before the first picture, or at or after the end of the last one.
        """
        if not self.pts[0] <= pts < self.end_pts:
            begin = int(self.pts[0])
            raise FrameOutsideClip(
                f"{seconds_of(pts - begin, self.time_base):.3f} s is outside the source, which lasts {self.duration:.3f} s",
                pts=pts,
            )
        return bisect_right(self.pts, pts) - 1

    def sample_range(
        self, start_frame: int, end_frame: int, rate: int, audio_start_seconds: Fraction
    ) -> tuple[int, int]:
        """The sound of a range of frames, as a half-open range of samples: `round((pts - audio_start) * rate)`.

        Neighbouring ranges share their boundary, so clips that tile the pictures tile the sound too.

        Args:
            start_frame: first frame.
            end_frame: the frame after the last one.
            rate: samples a second.
            audio_start_seconds: when sample 0 is heard, on the clock of the source's pts (not counted from the
                first picture).

        Returns:
            First sample and the one after the last. Negative where the sound begins after the pictures do; the end
            of the sound is not known here.
        """
        first, last = (
            round((self.pts_at(frame) * self.time_base - audio_start_seconds) * rate)
            for frame in (start_frame, end_frame)
        )
        return first, last
