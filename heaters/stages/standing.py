"""Where everything stands: runs, failures by cause, stuck work, disk, the review's pace, leases, and each source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from heaters.catalog import standing
from heaters.config import Settings
from heaters.domain.outlook import cause, pace, rhythm
from heaters.stages import intake
from heaters.storage import Disk

Row = dict[str, Any]
Lists = Mapping[str, list[Row]]

_ALONE: Final = timedelta(minutes=10)
"""How long an ingest, which is no run, may copy before it is called stuck: nothing tells whether its process lives."""
_WORKING: Final = {"downloading": "ingest", "preparing": "prepare", "detecting": "detect"}
_FAILED: Final = {
    "download_failed": "ingest", "prepare_failed": "prepare", "detect_failed": "detect", "verify_failed": "verify",
}  # fmt: skip
_RESUMES: Final = {"new": "ingest", "downloaded": "prepare", "prepared": "detect", "ready": "verify"}
_ORDER: Final = ("ingest", "prepare", "detect", "verify", "export")


def read(
    catalog: standing.Rows, settings: Settings, *, disk: Disk, active: Mapping[str, object] | None,
    pending: Callable[[Sequence[Row]], list[Row]], now: datetime | None = None,
) -> Row:  # fmt: skip
    """Ask, and draw the conclusions.

    Args:
        disk: on which a run would write.
        active: the note of the run that lives, or None.
        pending: source rows → `id` and `stage` of those that a run would take up.
        now: UTC without a zone; default: the present.

    Returns:
        The answer of `Workspace.status`, but for `workspace`.
    """
    now = now or datetime.now(UTC).replace(tzinfo=None)
    lists = standing.ask(catalog, now)
    sources, clips, runs = lists["sources"], lists["clips"], lists["runs"]
    counts, waiting = _totals(clips), pending(sources)
    live = _close_dead(runs, active)
    titles = {row["id"]: row["title"] for row in sources}
    running = [_job(row, titles) for row in lists["running"]]
    return {
        "at": now,
        "sources": dict(sorted(Counter(row["ingest_state"] for row in sources).items())),
        "clips": counts,
        "pending": _by_stage(row["stage"] for row in waiting),
        "run": None if active is None else {
            **active, "id": live, "working": [job for job in running if live is not None and job["run_id"] == live]},
        "last_run": runs[0] if runs else None,
        "next_run": _next_run(runs, waiting),
        "runs": runs,
        "failures": _failures(sources, lists["failed_exports"], titles),
        "stuck": _stuck(sources, running, live, now),
        "disk": _disk(sources, waiting, settings, disk),
        "backlog": _backlog(lists["spells"], counts.get("pending", 0), now),
        "leases": _leases(lists, titles),
        "reviewers": lists["hours"],
        "stages": sorted(lists["stages"], key=lambda row: _ORDER.index(row["stage"])),
        "files": lists["files"],
        "source_list": _source_list(sources, clips),
    }  # fmt: skip


def latest_runs(catalog: standing.Rows, limit: int, active: Mapping[str, object] | None) -> list[Row]:
    """The newest runs, the newest first.

    Args:
        active: the note of the run that lives, or None.
    """
    rows = catalog.rows(
        "SELECT *, epoch(coalesce(finished_at, now() AT TIME ZONE 'UTC') - started_at) AS seconds FROM runs ORDER BY id DESC LIMIT ?",
        [limit])  # fmt: skip
    _close_dead(rows, active)
    return rows


def _totals(clips: Sequence[Row]) -> dict[str, int]:
    counts = Counter[str]()
    for row in clips:
        counts[row["state"]] += row["n"]
    return dict(sorted(counts.items()))


def _by_stage(stages: Any) -> dict[str, int]:
    counts = Counter(stages)
    return {stage: counts[stage] for stage in _ORDER if counts[stage]}


def _close_dead(runs: Sequence[Row], active: Mapping[str, object] | None) -> int | None:
    """Call runs dead that nobody works on any more; the next run that has work notes it. Returns the id of the living one."""
    live = None
    for row in runs:
        if row["state"] == "running":
            if active is not None and row["pid"] == active.get("pid"):
                live = row["id"]
            else:
                row["state"] = "died"
    return live


def _job(row: Row, titles: Mapping[int, str]) -> Row:
    ref = f"{row['source_id']}.{row['clip_no']}" if row["clip_id"] else None
    return {
        "run_id": row["run_id"], "stage": row["stage"], "source_id": row["source_id"], "ref": ref,
        "title": titles.get(row["source_id"]), "since": row["started_at"], "attempts": row["attempts"],
    }  # fmt: skip


def _next_run(runs: Sequence[Row], waiting: Sequence[Row]) -> Row:
    """What the next run will have to do, and when it is likely to come: nobody tells us when it is planned."""
    starts = [row["started_at"] for row in runs if row["verb"] in {"run", "batch"}]
    every = rhythm(starts)
    return {
        "sources": len(waiting), "every_seconds": every.total_seconds() if every else None,
        "expected_at": starts[0] + every if every else None,
    }  # fmt: skip


def _failures(sources: Sequence[Row], exports: Sequence[Row], titles: Mapping[int, str]) -> list[Row]:
    """One row for each cause, the one with most sources first."""
    found = [
        {"source_id": row["id"], "ref": None, "error": row["last_error"] or "no reason was noted", "at": row["updated_at"],
         "stage": _FAILED.get(row["ingest_state"]) or _RESUMES.get(row["parked_from"], "ingest"),
         "parked": row["ingest_state"] == "parked", "names": (row["title"], row["origin_url"], row["original_filepath"])}
        for row in sources if row["ingest_state"] == "parked" or row["ingest_state"] in _FAILED
    ] + [
        {"source_id": row["source_id"], "ref": f"{row['source_id']}.{row['clip_no']}", "error": row["error"] or "no reason was noted",
         "at": row["finished_at"], "stage": "export", "parked": False, "names": (titles.get(row["source_id"]),)}
        for row in exports
    ]  # fmt: skip
    causes: dict[tuple[str, str], list[Row]] = {}
    for one in found:
        causes.setdefault((one["stage"], cause(one["error"], one.pop("names"))), []).append(one)
    rows = [_failure(stage, same, titles) for (stage, _), same in causes.items()]
    return sorted(rows, key=lambda row: (-row["count"], row["source_ids"]))


def _failure(stage: str, same: Sequence[Row], titles: Mapping[int, str]) -> Row:
    newest = max(same, key=lambda one: one["at"])
    ids = sorted({one["source_id"] for one in same})
    return {
        "stage": stage, "error": newest["error"], "count": len(same), "at": newest["at"], "source_ids": ids,
        "parked_ids": sorted({one["source_id"] for one in same if one["parked"]}),
        "sources": [{"id": one, "title": titles.get(one)} for one in ids], "refs": [one["ref"] for one in same if one["ref"]],
    }  # fmt: skip


def _stuck(sources: Sequence[Row], running: Sequence[Row], live: int | None, now: datetime) -> list[Row]:
    """What says that it is being worked on, while nobody does. A later run takes all of it up again."""
    jobs = [job for job in running if job["run_id"] is None or job["run_id"] != live]
    left = [job for job in jobs if job["run_id"] is not None or now - job["since"] > _ALONE]
    busy = {job["source_id"] for job in running}
    states = [
        {"run_id": None, "stage": _WORKING[row["ingest_state"]], "source_id": row["id"], "ref": None, "title": row["title"],
         "since": row["updated_at"], "attempts": row["retry_count"] + 1}
        for row in sources
        if row["ingest_state"] in _WORKING and row["id"] not in busy
    ]  # fmt: skip
    return sorted(left + states, key=lambda row: row["since"])


def _disk(sources: Sequence[Row], waiting: Sequence[Row], settings: Settings, disk: Disk) -> Row:
    """What pending sources will need beside what is free, by the rule by which `run` refuses to start."""
    written = {row["id"] for row in waiting if row["stage"] in {"ingest", "prepare"}}
    rows = [row for row in sources if row["id"] in written]
    needed = intake.on_disk(rows, settings, disk)[settings.master_mode]
    allowed = int(settings.free_space_share * disk.free)
    return {
        "free": disk.free, "allowed": allowed, "needed": needed, "originals": intake.original_bytes(rows, settings),
        "projected": intake.projected(rows), "master_mode": settings.master_mode, "sources": len(rows), "fits": needed <= allowed,
    }  # fmt: skip


def _backlog(spells: Sequence[Row], left: int, now: datetime) -> Row:
    found = pace([(row["start"], row["clips"]) for row in spells], standing.SPELL_SECONDS, left, now)
    words = asdict(found)
    return {"pending": left, **words, "last_at": spells[0]["last"] if spells else None}


def _leases(lists: Lists, titles: Mapping[int, str]) -> list[Row]:
    """Who holds which clips, first decided when, and when they did anything last."""
    places = {row["session"]: json.loads(row["place"]) for row in lists["places"]}
    since = {row["session"]: row["since"] for row in lists["sessions"]}
    held = [
        {
            "reviewer": row["reviewer"], "source_id": row["source_id"], "title": titles.get(row["source_id"]), "clips": row["clips"],
            "first": f"{row['source_id']}.{row['first_no']}", "last": f"{row['source_id']}.{row['last_no']}",
            "since": since.get(row["session"]), "expires_at": row["expires_at"],
            "acted_at": datetime.fromisoformat(places[row["session"]][2]) if row["session"] in places else None,
        }
        for row in lists["leases"]
    ]  # fmt: skip
    return sorted(held, key=lambda row: (row["reviewer"], row["source_id"], row["first"]))


def _source_list(sources: Sequence[Row], clips: Sequence[Row]) -> list[Row]:
    counts: dict[int, dict[str, int]] = {}
    for row in clips:
        counts.setdefault(row["source_video_id"], {})[row["state"]] = row["n"]
    return [
        {"id": row["id"], "title": row["title"], "state": row["ingest_state"], "duration": row["duration"],
         "clips": counts.get(row["id"], {}), "error": row["last_error"]}
        for row in sources
    ]  # fmt: skip
