"""A process that decides on random clips and writes down, durably, what the catalog has acknowledged.

python deciding.py CATALOG REVIEWER SEED COUNT LOG
"""

from __future__ import annotations

import os
import random
import sys
import uuid
from pathlib import Path

from heaters.catalog.requests import Redo, Undo
from heaters.catalog.transports import Catalog
from heaters.domain.commands import Decision
from heaters.errors import DecisionRefused, UsageError


def main() -> None:
    folder, reviewer, seed, count, log = sys.argv[1:]
    catalog, chance = Catalog(Path(folder), lock_seconds=120), random.Random(int(seed))
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b"ready\n")
    for _ in range(int(count)):
        command = draw(catalog, reviewer, chance)
        try:
            answer = catalog.execute(command)
        except (DecisionRefused, UsageError):
            continue
        assert answer["op_id"] == command.op_id
        os.write(descriptor, f"{command.op_id}\n".encode())
        os.fsync(descriptor)


def draw(catalog: Catalog, reviewer: str, chance: random.Random) -> Decision | Undo | Redo:
    op_id, roll = str(uuid.UUID(int=chance.getrandbits(128))), chance.random()
    if roll < 0.15:
        return Undo(op_id, reviewer)
    if roll < 0.2:
        return Redo(op_id, reviewer)
    live = catalog.rows("SELECT id, start_frame, end_frame FROM clips WHERE state <> 'superseded'")
    one = chance.choice(live)
    action = chance.choice(["approve", "skip", "archive", "reset", "merge", "split", "group", "move-cut"])
    return Decision(
        op_id, action, (one["id"],), reviewer, frame=chance.randint(one["start_frame"], one["end_frame"])
    )


if __name__ == "__main__":
    main()
