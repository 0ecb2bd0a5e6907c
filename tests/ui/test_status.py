"""Where everything stands: what `Workspace.status` concludes, and what `StatusBoard` tells a page and takes from one."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from busy_workspace import fill
from driving import Heaters, make_film
from killing import Victim, growing
from shows import lease, write

from heaters.ui.status import StatusBoard

if TYPE_CHECKING:
    from pathlib import Path

    from heaters import Workspace


class Page:
    """A board, and a page that asks it."""

    def __init__(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.board = StatusBoard(ws)
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        monkeypatch.setattr(
            self.board, "send", lambda content, buffers=None: self.sent.append((content, buffers or []))
        )

    def ask(self, **content: Any) -> tuple[dict[str, Any], Any]:
        self.sent.clear()
        self.board._handle_custom_msg({"id": "q1", **content}, [])
        ((answer, buffers),) = self.sent
        assert answer["id"] == "q1"
        return answer, json.loads(buffers[0]) if buffers else None


def source_states(ws: Workspace) -> dict[int, tuple[str, str | None]]:
    return {row["id"]: (row["ingest_state"], row["last_error"]) for row in ws.sources().rows()}


# -- what is concluded ------------------------------------------------------------------------------------------------


def test_an_empty_workspace_has_nothing_to_tell(empty: Workspace) -> None:
    facts = empty.status()
    assert facts["sources"] == facts["clips"] == facts["pending"] == {}
    assert (facts["run"], facts["last_run"], facts["failures"], facts["stuck"], facts["source_list"]) == (
        None, None, [], [], [])  # fmt: skip
    assert facts["disk"]["fits"]
    assert facts["backlog"]["per_hour"] is None


def test_a_finished_workspace_tells_its_run_its_clips_and_what_they_cost(ws: Workspace) -> None:
    facts = ws.status()
    assert (facts["last_run"]["state"], facts["last_run"]["done"]) == ("done", 3)
    assert [row["stage"] for row in facts["stages"]] == ["ingest", "prepare", "detect", "verify"]
    assert sum(row["bytes"] for row in facts["files"]) == sum(row["bytes"] for row in ws.cost())
    (source,) = facts["source_list"]
    assert (source["id"], source["title"], source["state"], source["clips"]) == (
        1,
        "first",
        "ready",
        {"pending": 3},
    )
    assert (facts["failures"], facts["stuck"], facts["next_run"]["sources"]) == ([], [], 0)


def test_what_pending_work_will_need_is_what_ingest_projected_and_too_little_room_is_told(
    empty: Workspace, film: Path
) -> None:
    projected = json.loads(empty.ingest(film)[0]["probe"])["projected"]
    disk = empty.status()["disk"]
    assert disk["needed"] == projected["ffv1"]
    assert disk["projected"] == projected
    assert (disk["sources"], disk["fits"]) == (1, True)
    write(
        empty.catalog,
        'UPDATE source_videos SET probe = \'{"projected": {"ffv1": 9000000000000000, "source": 7}}\'',
    )
    assert not empty.status()["disk"]["fits"]


def test_a_run_that_lives_says_what_it_works_on_and_one_that_was_killed_is_dead_and_leaves_stuck_work(
    empty: Workspace, tmp_path: Path
) -> None:
    empty.ingest(make_film(tmp_path / "heavy.mp4", (50, 50, 50), size=(384, 224)))
    cli = Heaters(empty.root)
    victim = Victim(cli, "run")
    victim.until(growing(empty.root, "gold_masters/video_1_master.mkv", 200_000))
    facts = empty.status()
    assert facts["run"]["pid"] == victim.process.pid
    assert [(one["stage"], one["source_id"]) for one in facts["run"]["working"]] == [("prepare", 1)]
    assert facts["stuck"] == []
    victim.kill()
    facts = empty.status()
    assert (facts["run"], facts["last_run"]["state"]) == (None, "died")
    assert [(one["stage"], one["source_id"], one["title"]) for one in facts["stuck"]] == [
        ("prepare", 1, "heavy")
    ]
    assert "prepare 1 heavy" in cli("status").out
    assert not empty.run().failed
    facts = empty.status()
    assert (facts["last_run"]["state"], facts["stuck"]) == ("done", [])


def test_who_holds_clips_and_the_pace_of_the_review(ws: Workspace) -> None:
    lease(ws.catalog, 1, "bob")
    lease(ws.catalog, 2, "bob")
    lease(ws.catalog, 3, "gone", seconds=-5)
    ws.decide("approve", "1.3", reviewer="ada")
    ws.decide("skip", "1.3", reviewer="ada")
    ws.undo(reviewer="ada")
    facts = ws.status()
    (held,) = facts["leases"]
    assert (held["reviewer"], held["clips"], held["first"], held["last"]) == ("bob", 2, "1.1", "1.2")
    assert [(row["reviewer"], row["decisions"]) for row in facts["reviewers"]] == [("ada", 1)]
    assert (facts["backlog"]["pending"], facts["backlog"]["clips"], facts["backlog"]["per_hour"]) == (
        2,
        1,
        None,
    )


def test_hundreds_of_sources_are_told_with_their_failures_by_cause(empty: Workspace) -> None:
    fill(empty, 100, clips=20, events=2000)
    facts = empty.status()
    assert [(row["stage"], row["count"], row["parked_ids"]) for row in facts["failures"]] == [
        ("prepare", 2, [7, 57]), ("prepare", 2, []), ("detect", 1, []),
    ]  # fmt: skip
    assert len(facts["source_list"]) == 100
    assert facts["clips"]["pending"] == facts["backlog"]["pending"] == 10 * 20 - 20  # source 99 is not ready
    assert facts["backlog"]["active"]
    assert [row["source_id"] for row in facts["stuck"]] == [99]
    assert facts["next_run"]["every_seconds"] == 6 * 3600
    assert [(row["reviewer"], row["first"], row["last"]) for row in facts["leases"]] == [
        ("ada", "100.1", "100.10"), ("bob", "100.11", "100.20"),
    ]  # fmt: skip


def test_the_verb_tells_the_same_facts(empty: Workspace) -> None:
    fill(empty, 100, clips=20, events=2000)
    cli = Heaters(empty.root)
    (facts,) = cli.json("status")
    own = empty.status()
    assert facts.keys() == own.keys()
    assert [facts[name] for name in ("sources", "clips", "pending")] == [
        own[name] for name in ("sources", "clips", "pending")
    ]
    said = cli("status").out
    for part in (
        "2 × prepare (sources 7, 57, 2 parked): /films/film_",
        "prepare 99",
        "of work at",
        "ada: 10 clips, 100.1 to 100.10, idle",
    ):
        assert part in said


# -- the page ---------------------------------------------------------------------------------------------------------


def test_a_page_is_answered_with_times_that_say_they_are_utc(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, facts = Page(ws, monkeypatch).ask(kind="look")
    assert answer == {"kind": "status", "id": "q1", "said": ""}
    assert facts["at"].endswith("Z")
    assert facts["last_run"]["started_at"].endswith("Z")


def test_park_and_retry_do_it_and_a_parked_source_keeps_its_cause(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(empty, 60, clips=1, events=1)
    page = Page(empty, monkeypatch)
    before = source_states(empty)
    answer, facts = page.ask(kind="park", sources=[13])
    assert "1 source parked" in answer["said"]
    assert source_states(empty)[13] == ("parked", before[13][1])
    assert [13] in [row["parked_ids"] for row in facts["failures"]]
    answer, facts = page.ask(kind="retry", sources=[7, 13, 57])
    assert "3 sources will be tried again" in answer["said"]
    assert {source_states(empty)[one][0] for one in (7, 13, 57)} == {"downloaded"}
    assert facts["pending"]["prepare"] >= 3


def test_a_retry_of_nothing_is_no_retry_of_all(empty: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(empty, 60, clips=1, events=1)
    before = source_states(empty)
    Page(empty, monkeypatch).ask(kind="retry", sources=[])
    assert source_states(empty) == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"kind": "park", "sources": [99]}, "no source 99"),
        ({"kind": "sell", "sources": [1]}, "reload the page"),
        ({"kind": "park", "sources": ["x"]}, "heaters doctor"),
    ],
)
def test_what_can_not_be_done_is_refused_in_a_sentence(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any], words: str
) -> None:
    answer, facts = Page(ws, monkeypatch).ask(**content)
    assert (answer["kind"], facts) == ("refused", None)
    assert words in answer["message"]
    assert "Traceback" not in answer["message"]


def test_without_a_catalog_the_page_says_so_and_heals_when_it_is_back(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(ws, monkeypatch)
    catalog = ws.root / "catalog"
    catalog.rename(ws.root / "away")
    answer, _ = page.ask(kind="look")
    assert answer["kind"] == "refused"
    assert str(ws.root) in answer["message"]
    shutil.rmtree(catalog, ignore_errors=True)
    (ws.root / "away").rename(catalog)
    assert page.ask(kind="look")[0]["kind"] == "status"
