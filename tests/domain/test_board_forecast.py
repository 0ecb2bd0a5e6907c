"""The review board paints what a decision will do before the kernel has done it: `widgets/src/board/forecast.ts`.

Both sides are held to the same cases, `widgets/test/decisions.json`. Run this file to draw them anew.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from boards import board_of

from heaters.domain.commands import Decision, check, decide
from heaters.domain.model import Clip
from heaters.errors import HeatersError

CASES = Path(__file__).parents[2] / "widgets/test/decisions.json"
ACTIONS = [
    "approve",
    "skip",
    "archive",
    "reset",
    "merge",
    "split",
    "move-cut",
    "group",
    "ungroup",
    "annotate",
]
STATES = ["pending"] * 6 + [
    "approved",
    "approved",
    "skipped",
    "archived",
    "exported",
    "exporting",
    "export_failed",
]


def some_clips(chance: random.Random) -> tuple[Clip, ...]:
    """Clips that tile a source, some of them in groups."""
    count = chance.randint(1, 6)
    borders = [0, *sorted(chance.sample(range(1, 30), count - 1)), 30]
    groups: dict[int, list[int]] = {}
    for place in range(count):
        groups.setdefault(chance.choice([0, 0, 0, 1, 2]), []).append(place)
    named = {place: min(own) + 1 for name, own in groups.items() if name and len(own) > 1 for place in own}
    return tuple(
        Clip(
            id=place + 1, clip_no=place + 1, source_video_id=1, start_frame=borders[place], end_frame=borders[place + 1],
            state=chance.choice(STATES), version=chance.randint(1, 4), group_id=named.get(place),
            label=chance.choice([None, None, "close-up", "wide"]), tags=tuple(chance.sample(["day", "night"], chance.randint(0, 2))),
            note=chance.choice([None, None, f"note {place}"]),
        )
        for place in range(count)
    )  # fmt: skip


def some_decision(chance: random.Random, clips: tuple[Clip, ...]) -> Decision:
    action = chance.choice([*ACTIONS[:4], *2 * ACTIONS[4:6], *ACTIONS[6:]])
    many = chance.random() < 0.4 and len(clips) > 1 and action not in {"split", "move-cut"}
    chosen = chance.sample(clips, chance.randint(2, len(clips)) if many else 1)
    values: dict[str, Any] = {}
    if action == "annotate":
        values = chance.choice(
            [{"label": "hero"}, {"label": None}, {"tags": ["a", "b", "a"]}, {"note": ""}, {"note": "n", "tags": []}])  # fmt: skip
    at = chosen[0]
    frame = (
        chance.randint(max(0, at.start_frame - 3), at.end_frame) if action in {"split", "move-cut"} else None
    )
    return Decision("op", action, tuple(clip.id for clip in chosen), "ann", frame, values=values)


def case(number: int) -> dict[str, Any]:
    chance = random.Random(number)
    clips = some_clips(chance)
    decision = some_decision(chance, clips)
    asked = {
        "clips": [row(clip) for clip in clips], "action": decision.action, "clip_ids": decision.clip_ids,
        "frame": decision.frame, "values": decision.values,
    }  # fmt: skip
    try:
        change = decide(decision, board_of(*clips))
    except HeatersError as error:
        return {**asked, "refused": error.message}
    left = {**{clip.id: clip for clip in clips}, **{clip.id: clip for clip in change.after}}
    check([clip for clip in left.values() if clip.state != "superseded"], {1: 30})
    after = [row(clip) for clip in change.after if clip.state != "superseded"]
    return {**asked, "after": after, "gone": [clip.id for clip in change.after if clip.state == "superseded"]}


def row(clip: Clip) -> list[Any]:
    return [
        clip.id, clip.start_frame, clip.end_frame, clip.state, clip.version, clip.group_id, clip.label, list(clip.tags), clip.note,
        clip.origin, clip.reviewer,
    ]  # fmt: skip


def drawn() -> str:
    lines = [json.dumps(case(number), separators=(",", ":")) for number in range(240)]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def test_the_board_is_held_to_what_the_kernel_does() -> None:
    assert CASES.read_text("utf-8") == drawn()


if __name__ == "__main__":
    CASES.write_text(drawn(), "utf-8")
