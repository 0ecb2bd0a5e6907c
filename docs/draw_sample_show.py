"""Draw `docs/sample_show.png`: the sample show as heaters sees it, from a real run.

    .venv/bin/python docs/draw_sample_show.py

Shots are thumbnails of the review proxy, the curve is the stored frame scores, the marks are the cuts that detection laid.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import heaters
from heaters.media.sample import SampleTruth, make_sample

PICTURE = Path(__file__).resolve().parent / "sample_show.png"
# Drawn at twice its size and then reduced, so that lines are smooth.
WIDTH, MARGIN, COLUMNS, GAP = 2400, 48, 5, 24
CURVE_HEIGHT, CAPTION = 340, 68
PAPER, INK, FAINT = (250, 249, 246), (38, 36, 46), (176, 172, 180)
CUT, NOTE = (196, 62, 58), (36, 112, 150)


def main() -> None:
    """Run the pipeline on a sample show in a temporary folder and draw what came out."""
    with tempfile.TemporaryDirectory() as folder:
        truth = make_sample(Path(folder) / "sample.mp4")
        workspace = heaters.open_workspace(Path(folder) / "workspace", create=True)
        workspace.ingest(truth.path)
        workspace.run()
        clips = workspace.clips().rows()
        scores = workspace.scores(1).df()
        curve = scores[["hue", "saturation", "luma"]].mean(axis=1).to_numpy()
        draw(truth, clips, curve, workspace.thumbnails([clip["id"] for clip in clips])).save(
            PICTURE, optimize=True
        )


def draw(
    truth: SampleTruth, clips: list[dict[str, object]], curve: np.ndarray, thumbnails: list[Image.Image]
) -> Image.Image:
    """A contact sheet above, the score curve below."""
    width = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    height = width * 9 // 16
    rows = -(-len(clips) // COLUMNS)
    sheet = Image.new("RGB", (WIDTH, MARGIN * 2 + rows * (height + CAPTION) + CURVE_HEIGHT + 180), PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, (clip, thumbnail) in enumerate(zip(clips, thumbnails, strict=True)):
        x = MARGIN + place % COLUMNS * (width + GAP)
        y = MARGIN + place // COLUMNS * (height + CAPTION)
        sheet.paste(thumbnail.convert("RGB").resize((width, height), Image.Resampling.LANCZOS), (x, y))
        label = f"{clip['source_video_id']}.{clip['clip_no']}   frames {clip['start_frame']} to {clip['end_frame'] - 1}"
        pen.text((x, y + height + 10), label, INK, ImageFont.load_default(27))
    draw_curve(pen, truth, [clip["start_frame"] for clip in clips][1:], curve, sheet.height - MARGIN - 60)
    return sheet.reduce(2)


def draw_curve(
    pen: ImageDraw.ImageDraw, truth: SampleTruth, cuts: list[int], curve: np.ndarray, floor: int
) -> None:
    """Scores over frames, detected cuts, and what a reviewer should know about this show."""
    small = ImageFont.load_default(27)
    step = (WIDTH - 2 * MARGIN) / len(curve)
    heights = np.sqrt(curve / curve.max()) * CURVE_HEIGHT
    for first, end in truth.dissolves:
        pen.rectangle(
            [MARGIN + first * step, floor - CURVE_HEIGHT, MARGIN + end * step, floor], fill=(224, 234, 240)
        )
    for cut in cuts:
        pen.line([MARGIN + cut * step, floor - CURVE_HEIGHT - 8, MARGIN + cut * step, floor], CUT, 3)
        pen.text((MARGIN + cut * step, floor + 12), str(cut), CUT, small, anchor="mt")
    pen.line([(MARGIN + (i + 0.5) * step, floor - value) for i, value in enumerate(heights)], INK, 4)
    pen.line([MARGIN, floor, WIDTH - MARGIN, floor], FAINT, 2)
    notes = [
        (truth.flashes[0], "flash: not taken for a cut"),
        (truth.wrong_cut, "exposure jump: taken for one"),
        (sum(truth.dissolves[0]) // 2, "dissolve: missed"),
    ]
    for place, (frame, text) in enumerate(notes):
        pen.text(
            (MARGIN + frame * step, floor - CURVE_HEIGHT - 16 - place % 2 * 36),
            text,
            NOTE,
            small,
            anchor="mb",
        )
    pen.text(
        (MARGIN, floor + 50),
        "frame score over frames; red: cuts that detection laid, to be corrected by a reviewer",
        INK,
        small,
    )


if __name__ == "__main__":
    main()
