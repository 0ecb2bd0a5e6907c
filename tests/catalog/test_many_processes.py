from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from serving import Owner, until
from shows import add_show, clips

from heaters.catalog.check import check
from heaters.catalog.direct import DirectCatalog
from heaters.domain.cuts import CutPoints, find_tiling_fault
from heaters.domain.model import Clip

SCRIPT = Path(__file__).with_name("deciding.py")
FRAMES = 4_000


def start(catalog: DirectCatalog, reviewer: str, seed: int, count: int, log: Path) -> subprocess.Popen[bytes]:
    words = [str(catalog.folder), reviewer, str(seed), str(count), str(log)]
    return subprocess.Popen([sys.executable, str(SCRIPT), *words], stderr=subprocess.PIPE)


def acknowledged(log: Path) -> list[str]:
    """Whole lines only: a killed writer may leave a torn one, which nobody was told of."""
    text = log.read_text("ascii") if log.exists() else ""
    return [line for line in text[: text.rfind("\n") + 1].splitlines() if line != "ready"]


def hold_the_claims(catalog: DirectCatalog, told: list[str]) -> None:
    logged = [row["op_id"] for row in catalog.rows("SELECT op_id FROM clip_events ORDER BY seq")]
    assert len(set(logged)) == len(logged), "a decision stands in the log twice"
    assert set(told) <= set(logged), "an acknowledged decision is lost"
    live = [CutPoints(row["start_frame"], row["end_frame"]) for row in clips(catalog)]
    assert find_tiling_fault(live, FRAMES) is None
    assert check(catalog) == []
    assert replayed(catalog) == {row["id"]: row["version"] for row in clips(catalog, "true")}


def replayed(catalog: DirectCatalog) -> dict[int, int]:
    """Clip id → version, by playing the log: each event must begin where the one before it ended."""
    rows: dict[int, Clip] = {}
    for event in catalog.rows("SELECT action, before, after FROM clip_events ORDER BY seq"):
        before = [Clip.from_json(row) for row in json.loads(event["before"])]
        assert all(rows[clip.id] == clip for clip in before), (
            f"{event['action']} began on rows that nobody wrote"
        )
        rows |= {clip.id: clip for clip in (Clip.from_json(row) for row in json.loads(event["after"]))}
    return {clip.id: clip.version for clip in rows.values()}


def test_six_processes_decide_at_once_and_no_acknowledged_decision_is_lost_or_doubled(
    catalog: DirectCatalog, tmp_path: Path
) -> None:
    add_show(catalog, *range(0, FRAMES + 1, 100))
    logs = [tmp_path / f"log{i}" for i in range(6)]
    running = [start(catalog, f"reviewer{i % 3}", i, 15, log) for i, log in enumerate(logs)]
    for one in running:
        _, said = one.communicate(timeout=240)
        assert one.returncode == 0, said.decode()
    told = [op_id for log in logs for op_id in acknowledged(log)]
    assert len(told) >= 20
    hold_the_claims(catalog, told)
    assert len(catalog.rows("SELECT 1 FROM clip_events WHERE action <> 'detect'")) == len(told)


@pytest.mark.long
def test_ten_times_kill_9_in_mid_decision_loses_nothing_that_was_acknowledged(
    catalog: DirectCatalog, tmp_path: Path
) -> None:
    add_show(catalog, *range(0, FRAMES + 1, 100))
    chance, logs = random.Random(9), []
    bystander_log = tmp_path / "bystander"
    bystander = start(catalog, "bystander", 999, 10_000, bystander_log)
    try:
        for turn in range(10):
            log = tmp_path / f"log{turn}"
            logs.append(log)
            victim = start(catalog, "victim", turn, 10_000, log)
            deadline = time.monotonic() + 60
            while not acknowledged(log) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.2))
            victim.kill()
            victim.communicate()
            assert acknowledged(log), "the victim never decided anything"
        before = len(acknowledged(bystander_log))
        deadline = time.monotonic() + 60
        while len(acknowledged(bystander_log)) <= before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(acknowledged(bystander_log)) > before, "the others did not go on"
    finally:
        bystander.kill()
        bystander.communicate()
    hold_the_claims(catalog, [op_id for log in [*logs, bystander_log] for op_id in acknowledged(log)])


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_kill_9_of_the_owner_under_load_loses_nothing_that_was_acknowledged_and_clients_go_on(
    catalog: DirectCatalog, tmp_path: Path, kills: int
) -> None:
    add_show(catalog, *range(0, FRAMES + 1, 100))
    chance, logs = random.Random(kills), [tmp_path / f"log{i}" for i in range(4)]
    clients = [start(catalog, f"reviewer{i % 3}", i, 100_000, log) for i, log in enumerate(logs)]

    def everybody_goes_on() -> None:
        before = [len(acknowledged(log)) for log in logs]
        until(lambda: all(len(acknowledged(log)) > count for log, count in zip(logs, before, strict=True)))

    try:
        for _ in range(kills):
            with Owner(catalog.folder) as owner:
                everybody_goes_on()
                time.sleep(chance.uniform(0, 0.2))
                owner.process.kill()
            everybody_goes_on()
        assert [one.poll() for one in clients] == [None] * len(clients), "clients notice nothing"
    finally:
        for one in clients:
            one.kill()
            one.communicate()
    hold_the_claims(catalog, [op_id for log in logs for op_id in acknowledged(log)])
