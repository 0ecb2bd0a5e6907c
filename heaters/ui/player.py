"""`ReviewPlayer`: any frame of a source's review proxy on screen, in JupyterLab, Notebook and Voila."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anywidget
import traitlets as t

from heaters.domain.nearest import refuse_unknown
from heaters.errors import FrameOutsideClip, HeatersError, StoreUnavailable, UsageError
from heaters.server.registry import register
from heaters.ui import hotkeys, messages

if TYPE_CHECKING:
    from heaters.workspace import Workspace

SPEEDS: Final = (0.25, 4.0)
"""Slowest and fastest; both players and the sound keep step within these."""
BUNDLE: Final = Path(__file__).parent / "static" / "player.js"


class ReviewPlayer(anywidget.AnyWidget):
    """Shows one clip, or a whole source, frame by frame or playing with sound.

    Pictures come straight from the review proxy, one byte range for each frame, and every frame is checked against
    the frame index before it is shown. Several views of one player follow each other.

    Args:
        workspace: an open workspace.
        clip: a clip's id or ref (`"12.47"`).
        source: a source's id; without a clip, all of it is shown.
        frame: of the source, to show first; default: the first one of the clip.

    Attributes:
        frame: the frame of the source on screen. Setting it seeks; it follows the views.
        playing: setting it plays or pauses. Playing loops exactly `[start_frame, end_frame)` of the clip.
        speed: 0.25 to 4.
        muted: whether playing is silent.
        fps_shown: frames painted in the last second of playing, as a view counted them.
        dropped: late frames that playing left out.
        player_kind: `webcodecs` or `video`, as the first view chose; empty before there is one.
        status: `loading`, `ready`, `lost` (no bytes come; it heals by itself) or `failed`.
        error: why it is lost or failed, in a sentence.
        bytes_from: how the bytes come: `cdn`, `s3`, `server` or `kernel`.

    Raises:
        UnknownReference: there is no such clip or source.
        UsageError: neither was given, both were, or the source is not prepared yet.
        FrameOutsideClip: the source has no such frame.
    """

    _esm = BUNDLE

    frame = t.Int(0).tag(sync=True)
    playing = t.Bool(default_value=False).tag(sync=True)
    speed = t.Float(1.0, min=SPEEDS[0], max=SPEEDS[1]).tag(sync=True)
    muted = t.Bool(default_value=False).tag(sync=True)
    fps_shown = t.Float(0.0).tag(sync=True)
    dropped = t.Int(0).tag(sync=True)
    player_kind = t.Unicode("").tag(sync=True)
    status = t.Unicode("loading").tag(sync=True)
    error = t.Unicode("").tag(sync=True)
    bytes_from = t.Unicode("").tag(sync=True)
    _hotkeys = t.List(t.Any()).tag(sync=True)
    _player_id = t.Unicode().tag(sync=True)

    def __init__(
        self, workspace: Workspace, clip: int | str | None = None, *, source: int | None = None, frame: int | None = None,
        **traits: Any,
    ) -> None:  # fmt: skip
        taken = ("clip", "source", "frame", "speed", "muted", "playing", "layout")
        refuse_unknown(traits, taken, "ReviewPlayer")
        self._quiet = 1  # until there is something to give orders to
        super().__init__(_hotkeys=hotkeys.as_data(), _player_id=uuid.uuid4().hex, **traits)
        self._workspace = workspace
        self._uuid = register(workspace.root)
        self._film: messages.Film | None = None
        self._clip: messages.Row | None = None
        self._shows = 0
        self.on_msg(self._on_message)
        self.show(clip, source=source, frame=frame)
        self._quiet = 0
        self.playing = bool(traits.get("playing", False))

    def show(
        self, clip: int | str | None = None, *, source: int | None = None, frame: int | None = None
    ) -> None:
        """Put another clip, or another source, on the screen. Arguments and errors are those of the class."""
        if (clip is None) == (source is None):
            raise UsageError("name one: a clip to show, or a source")
        row = None if clip is None else self._workspace.clip(clip)
        wanted = int(source if row is None else row["source_video_id"])  # type: ignore[arg-type]
        if self._film is None or self._film.source["id"] != wanted:
            self._film = messages.Film.of(self._workspace, wanted)
            register(self._workspace.root, self._film.places)
        first = frame if frame is not None else (row["start_frame"] if row else 0)
        self._refuse_outside(first)
        self._clip = row
        self._shows += 1
        with self._silently():
            self.playing = False
            self.frame = first
        self._send_show()

    @property
    def start_frame(self) -> int:
        """First frame of what is shown."""
        return int(self._clip["start_frame"]) if self._clip else 0

    @property
    def end_frame(self) -> int:
        """The frame after the last one of what is shown."""
        return int(self._clip["end_frame"]) if self._clip else self._shown.n_frames

    def seek(self, frame: int) -> None:
        """Show a frame of the source, inside the clip or not.

        Raises:
            FrameOutsideClip: the source has no such frame.
        """
        self._refuse_outside(frame)
        self.frame = frame

    def step(self, frames: int = 1) -> None:
        """Go some frames on, or back; stops at the ends of the clip."""
        self.playing = False
        self.frame = min(max(self.frame + frames, self.start_frame), self.end_frame - 1)

    def play(self, speed: float | None = None) -> None:
        """Play the clip in a loop, from the frame on screen."""
        if speed is not None:
            self.speed = speed
        self.playing = True

    def pause(self) -> None:
        """Stop on the frame that is on screen."""
        self.playing = False

    def __repr__(self) -> str:
        what = (
            f"clip {self._clip['source_video_id']}.{self._clip['clip_no']}"
            if self._clip
            else f"source {self._shown.source['id']}"
        )
        return f"ReviewPlayer({what}, frame={self.frame})"

    @property
    def _shown(self) -> messages.Film:
        assert self._film is not None
        return self._film

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a page says of itself; that is no order to the page."""
        with self._silently():
            super().set_state(sync_data)

    @contextmanager
    def _silently(self) -> Iterator[None]:
        self._quiet += 1
        try:
            yield
        finally:
            self._quiet -= 1

    @t.observe("frame", "playing", "speed", "muted")
    def _give_order(self, change: dict[str, Any]) -> None:
        """Tell the pages what Python has set. They don't follow the traits, of which old values may come back late."""
        if not self._quiet:
            self.send({"kind": "order", change["name"]: change["new"]})

    def _refuse_outside(self, frame: int) -> None:
        film = self._shown
        if not 0 <= frame < film.n_frames:
            raise FrameOutsideClip(
                f"source {film.source['id']} has frames 0 to {film.n_frames - 1}, and no frame {frame}",
                frame=frame,
            )

    def _send_show(self) -> None:
        message, buffers = messages.show(
            self._shown, self._clip, self.frame, number=self._shows, workspace_uuid=self._uuid,
            webcodecs=self._workspace.settings.webcodecs_enabled, playing=self.playing,
        )  # fmt: skip
        self.send(message, buffers)

    def _on_message(self, _widget: object, content: dict[str, Any], _buffers: list[memoryview]) -> None:
        """Answer a view. What can't be answered goes back as a sentence; nothing is raised into the kernel's log."""
        if content.get("kind") == "hello":
            self._send_show()
            return
        number = content.get("id")
        try:
            answer, buffers = self._answer(content)
        except HeatersError as error:
            answer, buffers = {"kind": "failed", "message": error.message}, []
        self.send({**answer, "id": number}, buffers)

    def _answer(self, content: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        if content.get("kind") not in messages.BYTES_ASKED:
            raise messages.unknown_question(content)
        film = self._shown
        try:
            if (
                content["kind"] != "urls"
                or self._workspace.source(film.source["id"])["store"] == film.source["store"]
            ):
                return messages.bytes_asked(film, content)
        except StoreUnavailable:
            pass  # a second time it is told
        self._film = messages.Film.of(self._workspace, film.source["id"])  # it may have been moved
        register(self._workspace.root, self._film.places)
        return messages.bytes_asked(self._film, content)
