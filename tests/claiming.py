"""A reviewer in a process of its own, who approves whatever the queue gives until nothing is pending.

python claiming.py WORKSPACE REVIEWER SESSION SECONDS LOG

The log has one JSON line for each answer: when it was true, and what was held then.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import heaters
from heaters.review import ReviewSession


def main() -> None:
    folder, reviewer, name, seconds, log = sys.argv[1:]
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    ws = heaters.open_workspace(folder, lease_seconds=float(seconds), lease_clips=5, lock_seconds=120)
    session = ReviewSession(ws, reviewer=reviewer, session=name)
    answer = session.begin()
    while True:
        note(descriptor, name, answer)
        if answer["current"] is None:
            if not answer["counts"]["pending"]:
                return
            time.sleep(0.3)
            answer = session.begin()
        else:
            answer = session.decide("approve", [answer["current"]], op_id=str(uuid.uuid4()))


def note(descriptor: int, name: str, answer: dict[str, Any]) -> None:
    line = {"at": answer["at"].isoformat(), "session": name, "held": answer["held"]}
    os.write(descriptor, f"{json.dumps(line)}\n".encode())


def told(*logs: Path) -> list[dict[str, Any]]:
    """All lines of some logs, by time."""
    lines = [json.loads(line) for log in logs if log.exists() for line in log.read_text("ascii").splitlines()]
    return sorted(lines, key=lambda line: line["at"])


if __name__ == "__main__":
    main()
