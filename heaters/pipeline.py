"""The whole flow, on one screen.

    source ──ingest──▶ original ──prepare──▶ gold master + review proxy + frame index + frame scores
                                                  │ detect (replays scores; no decode)
                                                  ▼
    final clips ◀──export── approved clips ◀──review── cut points (virtual clips)

A stage is pending by a rule on its source row, works in a worker on plain data, and ends in one command to the
catalog. Whatever is killed is pending again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from heaters.catalog.requests import FailExport, FailStage, FinishExport, StartStage
from heaters.config import Settings
from heaters.domain.bounds import Bounds
from heaters.errors import Archived, DecisionRefused, HeatersError, StageFailed
from heaters.execution.loop import Jobs, Task, Watcher, drive
from heaters.stages import detect, export, ingest, intake, prepare, verify
from heaters.stages.archive import Restores
from heaters.stages.reporting import read_progress
from heaters.stages.stage import Stage, Unit, address_for
from heaters.storage import open_store

STAGES: Final = (
    Stage("ingest", "bytes into the store", "original_filepath", ingest.pending, ingest.plan, ingest.run_one, ingest.outcome),
    Stage("prepare", "master, proxy, index, scores", "proxy_filepath", prepare.pending, prepare.plan, prepare.run_one, prepare.outcome),
    Stage("detect", "scores → virtual clips", "ready", detect.pending, detect.plan, detect.run_one, detect.outcome),
    Stage("verify", "read everything back", "verified_at", verify.pending, verify.plan, verify.run_one, verify.outcome),
)  # fmt: skip
"""In the order of the flow. `export` works on clips instead of sources and has its own supply below."""

WORKERS_LOCK: Final = "workers.lock"
STAGE_NAMES: Final = (*(stage.name for stage in STAGES), export.NAME)


class Catalog(Protocol):
    """What the pipeline needs of any transport.

    Attributes:
        folder: where the files lie that belong to the workspace on this machine.
    """

    folder: Path

    def execute(self, command: object) -> dict[str, Any]:
        """Carry out one command."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Read rows."""


@dataclass(slots=True)
class Outcome:
    """What a run did: rows for the JSON answer."""

    done: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0

    def waits(self, unit: Unit, error: HeatersError) -> bool:
        """Tell whether a unit has not failed, but has to wait for an object whose restored copy has expired meanwhile."""
        if isinstance(error, Archived):
            self.waiting.append({"id": unit.subject_id, "stage": unit.stage, "reason": error.message})
        return isinstance(error, Archived)


def run_stages(
    catalog: Catalog, settings: Settings, home: Path, watcher: Watcher, run_id: int, *,
    stages: Sequence[Stage] = STAGES, limit: int | None = None, bounds: Bounds = Bounds(),  # noqa: B008 - frozen
    after_each: Callable[[Outcome], None] | None = None,
) -> Outcome:  # fmt: skip
    """Carry every source through the stages that it needs, one source after another by priority.

    Args:
        home: the folder of the workspace.
        limit: how many sources to touch at most; None for all.
        bounds: what is not begun for them is `waiting`, with the reason.
        after_each: called with the outcome so far when a unit has ended.
    """
    outcome, units = Outcome(), dict[str, tuple[Stage, Unit]]()
    left, touched = set[int](), set[int]()  # `left`: to a later run
    reserved, restores = dict[str, int](), Restores(catalog.execute, "run")
    told = after_each or (lambda _: None)

    def take() -> Task | None:
        busy = {unit.subject_id for _, unit in units.values()}
        for row in catalog.rows(
            "SELECT * FROM source_videos WHERE ingest_state <> 'parked' ORDER BY priority DESC, id"
        ):
            full = limit is not None and len(touched) >= limit and row["id"] not in touched
            stage = next((stage for stage in stages if stage.pending(row, settings)), None)
            if stage is None or full or row["id"] in busy or row["id"] in left:
                continue
            unit = stage.plan(row, settings, address_for(row, settings, home))
            needed = _projected(stage, row, settings)
            unit.spec["home"] = str(catalog.folder)
            reason = _obstacle(bounds, home, needed + sum(reserved[key] for key in units))
            if reason := reason or ingest.obstacle(unit) or restores.obstacle(unit):
                left.add(row["id"])
                outcome.waiting.append({"id": row["id"], "stage": stage.name, "reason": reason})
                continue
            try:
                catalog.execute(
                    StartStage(stage.name, unit.subject_id, unit.input_hash, unit.params_hash, run_id)
                )
            except StageFailed as error:  # another process has parked it, say, since the rows were read
                left.add(unit.subject_id)
                outcome.waiting.append({"id": unit.subject_id, "stage": stage.name, "reason": error.message})
                continue
            touched.add(unit.subject_id)
            task = _task(units, stage, unit, f"{unit.subject_id} {unit.label}: {stage.name}")
            reserved[task.key] = needed
            return task
        return None

    def succeed(task: Task, result: dict[str, Any]) -> None:
        stage, unit = units.pop(task.key)
        answer = ingest.apply(catalog, unit, result, stage.outcome(unit, result))
        same = {"duplicate_of": answer["duplicate_of"]} if "duplicate_of" in answer else {}
        outcome.bytes += result.get("bytes", 0)
        outcome.done.append(
            {"id": unit.subject_id, "stage": stage.name, "seconds": round(result.get("seconds", 0.0), 3)}
            | same
        )
        told(outcome)

    def fail(task: Task, error: HeatersError) -> None:
        stage, unit = units.pop(task.key)
        left.add(unit.subject_id)
        if outcome.waits(unit, error):
            return
        permanent = bool(getattr(error, "permanent", False))
        catalog.execute(FailStage(
            stage.name, unit.subject_id, unit.input_hash, unit.params_hash, error.message, permanent, settings.max_attempts))  # fmt: skip
        outcome.failed.append({"id": unit.subject_id, "stage": stage.name, "error": error.message})
        told(outcome)

    _drive(Jobs(take, succeed, fail), settings.workers, catalog.folder / WORKERS_LOCK, watcher)
    return outcome


def run_export(
    catalog: Catalog, settings: Settings, home: Path, watcher: Watcher, run_id: int, *, preset: str | None = None,
    source_ids: Sequence[int] | None = None, limit: int | None = None, bounds: Bounds = Bounds(),  # noqa: B008 - frozen
) -> Outcome:  # fmt: skip
    """Export every clip that is approved, and with a named preset also those that are exported without it, each once."""
    outcome, units = Outcome(), dict[str, tuple[dict[str, Any], Unit]]()
    queue = exportable(catalog, settings, preset, source_ids)[0][:limit]
    places = {clip["id"]: place for place, clip in enumerate(queue)}
    restores = Restores(catalog.execute, export.NAME)

    def take() -> Task | None:
        while queue:
            clip = queue.pop(0)
            unit = _plan_export(catalog, settings, home, clip, export.preset_for(clip, preset, settings))
            try:
                ready = _begin_export(catalog, unit, restores, _obstacle(bounds, home, 0), run_id)
            except HeatersError as error:
                outcome.waiting.append({"id": clip["id"], "stage": export.NAME, "reason": error.message})
                continue
            if ready is None:
                return _task(units, clip, unit, f"clip {unit.label}: export")
            catalog.execute(ready)
            outcome.done.append(_exported(clip, unit, ready.filepath))
        return None

    def succeed(task: Task, result: dict[str, Any]) -> None:
        clip, unit = units.pop(task.key)
        try:
            catalog.execute(export.outcome(unit, result))
        except DecisionRefused as error:
            outcome.waiting.append({"id": clip["id"], "stage": export.NAME, "reason": error.message})
            return
        outcome.bytes += result["bytes"]
        outcome.done.append(
            {
                **_exported(clip, unit, result["filepath"]),
                "frames": result["frames"],
                "duration": result["duration"],
            }
        )

    def fail(task: Task, error: HeatersError) -> None:
        _, unit = units.pop(task.key)
        if outcome.waits(unit, error):
            return
        catalog.execute(FailExport(unit.subject_id, unit.input_hash, unit.params_hash, error.message))
        outcome.failed.append({"id": unit.subject_id, "stage": export.NAME, "error": error.message})

    _drive(
        Jobs(take, succeed, fail),
        min(settings.export_workers, len(queue) or 1),
        catalog.folder / WORKERS_LOCK,
        watcher,
    )
    outcome.done.sort(key=lambda one: places[one["clip_id"]])
    outcome.failed.sort(key=lambda one: places[one["id"]])
    return outcome


def stages_named(names: Sequence[str]) -> list[Stage]:
    """The stages of these names, in the order of the flow."""
    return [stage for stage in STAGES if not names or stage.name in names]


def _projected(stage: Stage, row: dict[str, Any], settings: Settings) -> int:
    """Bytes that this stage of a source will write, on the high side."""
    return intake.projected([row])[settings.master_mode] if stage.name in {ingest.NAME, prepare.NAME} else 0


def _obstacle(bounds: Bounds, home: Path, needed: int) -> str | None:
    """What is made for a store elsewhere is made on this disk, too."""
    if bounds == Bounds():
        return None
    return bounds.obstacle(datetime.now(), open_store(str(home)).free_bytes(), needed)  # noqa: DTZ005 - people's clock


def _drive(jobs: Jobs, count: int, lock: Path, watcher: Watcher) -> None:
    from heaters.execution.workers import Workers  # noqa: PLC0415 - multiprocessing only where there is work

    with Workers(count, lock) as workers:
        drive(jobs, workers, count, watcher, read_progress)


def _task(units: dict[str, tuple[Any, Unit]], owner: Any, unit: Unit, label: str) -> Task:
    key = f"{unit.stage}:{unit.subject_id}"
    if key in units:
        raise StageFailed(f"{label} is running already")
    units[key] = owner, unit
    function = export.run_one if unit.stage == export.NAME else owner.run_one
    return Task(key, label, function, unit.spec, unit.total)


def exportable(
    catalog: Catalog, settings: Settings, preset: str | None, source_ids: Sequence[int] | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Clips to export, and those that wait: for a source that is not ready (any more), or for a `retry`.

    Args:
        settings: say how often a clip is tried.
        preset: one that was asked for by name; None for the workspace's own.
        source_ids: only clips of these; None for all.
    """
    states = "'approved', 'exporting', 'export_failed'" + (", 'exported'" if preset else "")
    rows = catalog.rows(
        "SELECT c.*, v.ingest_state, v.sha256, v.master_mode, v.probe, v.n_frames, "
        "coalesce(list(a.uri) FILTER (a.uri IS NOT NULL), []) AS uris "
        "FROM clips_with_cut_points c "
        "JOIN source_videos v ON v.id = c.source_video_id LEFT JOIN clip_artifacts a ON a.clip_id = c.id AND a.kind = 'final_clip' "
        f"AND a.state = 'live' WHERE c.state IN ({states}) GROUP BY ALL "
        "ORDER BY c.source_video_id, c.start_frame"
    )
    failed = {(row["subject"], row["input_hash"], row["params_hash"]): row for row in catalog.rows(
        "SELECT * FROM jobs WHERE stage = ? AND state = 'failed' AND attempts >= ?", [export.NAME, settings.max_attempts])}  # fmt: skip
    ready, waiting = [], []
    for row in rows:
        left_out = source_ids is not None and row["source_video_id"] not in source_ids
        if left_out or not export.pending(row, preset):
            continue
        job = failed.get(
            (f"clip:{row['id']}", *export.hashes(row, row, export.preset_for(row, preset, settings)))
        )
        if reason := export.obstacle(row, job):
            waiting.append({"id": row["id"], "stage": export.NAME, "reason": reason})
        else:
            ready.append(row)
    return ready, waiting


def _plan_export(catalog: Catalog, settings: Settings, home: Path, clip: dict[str, Any], preset: str) -> Unit:
    source = catalog.rows("SELECT * FROM source_videos WHERE id = ?", [clip["source_video_id"]])[0]
    events = catalog.rows(
        "SELECT op_id, ts, reviewer, action, frame FROM clip_events WHERE list_contains(clip_ids, ?) ORDER BY seq",
        [clip["id"]],
    )
    return export.plan(clip, source, events, preset, settings, address_for(source, settings, home))


def _begin_export(
    catalog: Catalog, unit: Unit, restores: Restores, obstacle: str | None, run_id: int
) -> FinishExport | None:
    """Take the clip into export; returns the finishing command where the very same one stands already.

    Raises:
        HeatersError: it has to wait, for this reason.
    """
    files = catalog.rows("SELECT * FROM clip_artifacts WHERE clip_id = ?", [unit.subject_id])
    ready = None if obstacle else export.standing(unit, files)
    if reason := obstacle or (None if ready else restores.obstacle(unit)):
        raise DecisionRefused(reason)
    catalog.execute(export.start(unit, run_id))
    return ready


def _exported(clip: dict[str, Any], unit: Unit, key: str) -> dict[str, Any]:
    points, store = clip["cut_points"], open_store(unit.spec["store"])
    return {
        "clip_id": clip["id"], "source_video_id": clip["source_video_id"], "output_path": store.uri(key),
        "start_frame": clip["start_frame"], "end_frame": clip["end_frame"], "frames": clip["end_frame"] - clip["start_frame"],
        "duration": points["end_time"] - points["start_time"],
    }  # fmt: skip
