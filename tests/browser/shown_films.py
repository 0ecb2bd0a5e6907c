"""Films for the player's tests: every picture says its number, in every way that frame numbers have gone wrong elsewhere."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate

from numbered_films import Film, steady

B_FRAMES = {"preset": "veryfast", "crf": "12", "g": "25", "bf": "3", "b-pyramid": "none"}
UNEVEN = tuple(accumulate([0, *([333, 1001, 500, 2750, 40] * 16)]))

FILMS = {
    "cfr24": Film(steady(80), Fraction(1, 24), Fraction(24)),
    "cfr25": Film(steady(80, 512), Fraction(1, 12800), audio="aac"),
    "cfr30-bframes": Film(steady(90, 512), Fraction(1, 15360), Fraction(30), options=B_FRAMES),
    "ntsc": Film(steady(90, 1001), Fraction(1, 30000), Fraction(30000, 1001), container="mov", options=B_FRAMES),
    "ntsc60": Film(steady(120, 1001), Fraction(1, 60000), Fraction(60000, 1001), container="mov"),
    "vfr": Film(UNEVEN, Fraction(1, 12800), Fraction(14), container="mov", options=B_FRAMES),
    "edit-list": Film(steady(90, 512, -7 * 512), Fraction(1, 12800), options=B_FRAMES, audio="aac"),
    "late-start": Film(
        steady(80, 3600, 129_600), Fraction(1, 90_000), container="mpegts", audio="aac", audio_start=Fraction(3, 2), options=B_FRAMES,
    ),
    "rotated": Film(steady(60, 512), Fraction(1, 12800), rotation=90, audio=None),
    "odd-size": Film(
        steady(60, 512), Fraction(1, 12800), size=(241, 161), codec="ffv1", container="matroska", options={}, audio=None,
    ),
}  # fmt: skip
"""`late-start` is an MPEG transport stream whose first picture is at 1.44 s."""

SUFFIXES = {"matroska": "mkv", "mpegts": "ts", "mov": "mov", "mp4": "mp4"}
