"""The film of the player's benchmark: one workspace with one prepared source, and the same film as peers want it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

import heaters
from heaters.media.barcode import burn_number
from heaters.media.sample import make_sample

GRAIN = 2.5
"""Standard deviation in luma steps: pictures of the review proxy have the size of those of broadcast footage."""
_FIELDS = 8
ORIGINAL = {
    "preset": "superfast",
    "crf": "18",
    "g": "250",
    "bf": "2",
    "x264-params": "keyint=250:min-keyint=250:scenecut=0",
}
SHEET_FRAMES, SHEET_COLUMNS, CELL = 250, 10, (480, 270)
SHEET_QUALITY = 80


@dataclass(frozen=True)
class Sheets:
    """All frames of the film as JPEG sheets, as they were made for every clip before there was a proxy."""

    paths: list[str]
    total_bytes: int
    seconds: float


def make_workspace(folder: Path, seconds: float) -> heaters.Workspace:
    """A workspace with the film as its only source, which is one clip; made in `folder` where it is not there yet."""
    original = folder / "film.mp4"
    if not original.is_file():
        plain = folder / "plain.mp4"
        make_sample(plain, seconds=seconds)
        add_grain(plain, original)
        plain.unlink()
    made = (folder / "workspace" / "done").is_file()
    workspace = heaters.open_workspace(
        folder / "workspace", create=not made, verify=False, master_mode="source"
    )
    if not made:
        workspace.ingest(original, whole_clip=True, title="grain")
        report = workspace.run()
        if report.failed:
            raise SystemExit(f"the film can't be prepared: {report}")
        (workspace.root / "done").touch()
    return workspace


def add_grain(plain: Path, path: Path) -> None:
    """Encode the sample show again with grain over everything but its numbers, with a keyframe every 250 frames."""
    random = np.random.default_rng(1)
    fields = [_grain(random) for _ in range(_FIELDS)]
    part = path.with_suffix(".part")
    with (
        av.open(str(plain)) as source,
        av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out,
    ):
        pictures, sound = source.streams.video[0], source.streams.audio[0]
        video = out.add_stream("libx264", rate=pictures.average_rate, options=ORIGINAL)
        video.width, video.height, video.pix_fmt = pictures.width, pictures.height, "yuv420p"
        context = video.codec_context
        context.color_range = 1
        context.colorspace = context.color_primaries = context.color_trc = 1
        audio = out.add_stream_from_template(sound)
        number = 0
        for packet in source.demux(pictures, sound):
            if packet.stream is sound:
                if packet.dts is not None:
                    packet.stream = audio
                    out.mux(packet)
                continue
            for frame in packet.decode():
                out.mux(
                    video.encode(_grained(frame, number, fields[number % _FIELDS], pictures.average_rate))
                )
                number += 1
        out.mux(video.encode(None))
    part.replace(path)


def make_sheets(folder: Path) -> Sheets:
    """Sheets of the whole film, and how long they took; `folder` keeps them."""
    facts = folder / "sheets.json"
    if facts.is_file():
        return Sheets(**json.loads(facts.read_text()))
    began = time.perf_counter()
    paths: list[str] = []
    rows = SHEET_FRAMES // SHEET_COLUMNS
    sheet = Image.new("RGB", (SHEET_COLUMNS * CELL[0], rows * CELL[1]))
    with av.open(str(folder / "film.mp4")) as source:
        for number, frame in enumerate(source.decode(video=0)):
            cell = frame.reformat(*CELL, "rgb24", interpolation="FAST_BILINEAR").to_image()
            row, column = divmod(number % SHEET_FRAMES, SHEET_COLUMNS)
            sheet.paste(cell, (column * CELL[0], row * CELL[1]))
            if number % SHEET_FRAMES == SHEET_FRAMES - 1:
                paths.append(_save(sheet, folder, len(paths)))
        if (number + 1) % SHEET_FRAMES:
            paths.append(_save(sheet, folder, len(paths)))
    total = sum((folder / name).stat().st_size for name in paths)
    made = Sheets(paths, total, time.perf_counter() - began)
    facts.write_text(json.dumps(asdict(made)))
    return made


def _save(sheet: Image.Image, folder: Path, number: int) -> str:
    name = f"sheet{number}.jpg"
    sheet.save(folder / name, quality=SHEET_QUALITY)
    return name


def _grain(random: np.random.Generator) -> NDArray[np.float32]:
    """Noise of a grain of about two pixels."""
    fine = random.standard_normal((720, 1280), dtype=np.float32)
    wide = fine + np.roll(fine, 1, 0)
    return GRAIN / 2 * (wide + np.roll(wide, 1, 1))


def _grained(frame: VideoFrame, number: int, grain: NDArray[np.float32], rate: Fraction) -> VideoFrame:
    planes = frame.to_ndarray()
    luma = planes[: frame.height]
    luma[:] = np.clip(luma + grain, 16, 235).astype(np.uint8)
    burn_number(luma, number)
    made = VideoFrame.from_ndarray(planes, "yuv420p")
    made.pts, made.time_base = number, 1 / rate
    return made
