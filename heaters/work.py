"""The work on a workspace's shows: runs are one at a time, each with a row, a report and a snapshot at its end."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from heaters import pipeline
from heaters.catalog import requests
from heaters.config import Settings
from heaters.domain import name_template
from heaters.domain.bounds import Bounds, bounds
from heaters.domain.layout import ARTIFACT_FOLDERS, numbers_of
from heaters.errors import HeatersError, Interrupted, StageFailed, StoreUnavailable, UsageError
from heaters.execution.loop import Watcher, as_error
from heaters.execution.progress import fitting
from heaters.execution.runlock import note_progress, run_lock
from heaters.stages import (
    archive,
    downloads,
    handover,
    ingest,
    intake,
    manifests,
    moving,
    store_snapshots,
    verify,
    web,
    web_pages,
)
from heaters.stages.stage import Stage, Unit, address_for, store_of
from heaters.storage import Disk, Store, disk_of, open_store

if TYPE_CHECKING:
    from heaters.catalog.transports import Catalog

SNAPSHOTS: Final = "snapshots"
REPORTS: Final = "reports"
"""Folders in the catalog's folder."""

_COMPLETE: Final = """
    SELECT id FROM source_videos v WHERE NOT EXISTS (FROM clips c WHERE c.source_video_id = v.id AND c.state = 'pending')
    AND NOT EXISTS (FROM leases l WHERE l.source_video_id = v.id AND l.expires_at > ?)"""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run or an export did.

    Attributes:
        done: one row for each unit that ended well (`id`, `stage`, `seconds`, or an exported clip).
        failed: `id`, `stage`, `error`. Parked sources are in `waiting`, not here.
        waiting: `id`, `stage`, `reason`.
        report: where the report lies as a file; None if there was nothing to do.
        handed_over: copies that `export` made in the folder `to`.
        run_ids: rows of `runs`; none if there was nothing to do.
    """

    done: list[Row]
    failed: list[Row]
    waiting: list[Row]
    seconds: float
    bytes: int
    report: Path | None
    handed_over: list[Path] = field(default_factory=list)
    run_ids: tuple[int, ...] = ()

    @classmethod
    def read(cls, file: Path, run_id: int) -> RunReport:
        """A report that was written to a file."""
        told = json.loads(file.read_text("utf-8"))
        return cls(
            told["done"], told["failed"], told["waiting"], told["seconds"], told["bytes"], file, run_ids=(run_id,))  # fmt: skip

    def __add__(self, other: RunReport) -> RunReport:
        return RunReport(
            self.done + other.done, self.failed + other.failed, self.waiting + other.waiting, self.seconds + other.seconds,
            self.bytes + other.bytes, other.report or self.report, self.handed_over + other.handed_over,
            tuple(dict.fromkeys(self.run_ids + other.run_ids)),
        )  # fmt: skip

    def as_json(self) -> dict[str, list[Row]]:
        """The contract of `run --json` and `export --json`."""
        return {"done": self.done, "failed": self.failed, "waiting": self.waiting}

    def finished(self, run_id: int, state: str) -> requests.FinishRun:
        """The command that closes its row."""
        return requests.FinishRun(
            run_id, state, len(self.done), len(self.failed), len(self.waiting), self.bytes, str(self.report))  # fmt: skip

    def raise_for_failures(self) -> None:
        """Do nothing where all went well.

        Raises:
            StageFailed: something failed; the message counts it and tells the first.
        """
        if self.failed:
            first = self.failed[0]
            raise StageFailed(
                f"{len(self.failed)} failed; the first: {first['id']} {first['stage']}: {first['error']}"
            )

    def write(self) -> None:
        """Write the file that `report` names.

        Raises:
            StoreUnavailable: it can't be written.
        """
        assert self.report is not None
        text = {**self.as_json(), "seconds": round(self.seconds, 3), "bytes": self.bytes}
        try:
            self.report.parent.mkdir(exist_ok=True)
            self.report.write_text(json.dumps(text, indent=1, default=str) + "\n", "utf-8")
        except OSError as error:
            raise StoreUnavailable(
                f"the work is done and noted, but the report {self.report} can't be written: {error.strerror}",
                path=str(self.report),
            ) from error


class Wanted(NamedTuple):
    """How sources are to be taken; each as the argument of `Workspace.ingest`."""

    whole_clip: bool
    clip_file: bool
    allow_truncated: bool
    title: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """Takes in, runs stages, exports and verifies; the arguments are those of the methods of `Workspace`."""

    catalog: Catalog
    settings: Settings
    home: Path
    store: Store

    def ingest(
        self, *sources: str | Path, whole_clip: bool = False, clip_files: bool = False, allow_truncated: bool = False,
        title: str | None = None, on_plan: Callable[[Path, Mapping[str, int]], None] | None = None,
        confirm: web_pages.Confirm = False, watcher: Watcher | None = None,
    ) -> list[Row]:  # fmt: skip
        """One row for each file and each film of the web, in order."""
        named = [one for source in sources for one in self._meant(source, confirm)]
        kind = Wanted(whole_clip, clip_files, allow_truncated, title if len(named) == 1 else None)
        rows = []
        for one in named:
            try:
                rows.append(
                    self._ingest_one(one, kind, on_plan)
                    if isinstance(one, Path)
                    else self._ingest_film(one, kind, watcher or fitting())
                )
            except HeatersError as error:
                if len(named) == 1 or error.exit_code > 1:
                    raise
                rows.append({"source": str(one) if isinstance(one, Path) else one.shown, "error": error.as_json()})  # fmt: skip
        return rows

    def run(
        self,
        stages: Sequence[str] = (),
        *,
        limit: int | None = None,
        until: str | datetime | None = None,
        keep_free: str | int | None = None,
        dry_run: bool = False,
        watcher: Watcher | None = None,
        on_plan: Callable[[str, Mapping[str, int]], None] | None = None,
    ) -> RunReport:
        """Carry every source through the stages that are pending."""
        unknown = set(stages) - set(pipeline.STAGE_NAMES)
        if unknown:
            raise UsageError(
                f"no stage {', '.join(sorted(unknown))}; there are {', '.join(pipeline.STAGE_NAMES)}"
            )
        chosen = (
            pipeline.stages_named([name for name in stages if name != "export"])
            if set(stages) != {"export"}
            else []
        )
        limits = self._bounds(until, keep_free)
        rows = self._sources()
        pending = self.pending(chosen, rows)[: limit or None]
        parked = [
            {"id": row["id"], "stage": "parked", "reason": row["last_error"]}
            for row in rows if row["ingest_state"] == "parked"
        ]  # fmt: skip
        written = {one["id"] for one in pending if one["stage"] in {"ingest", "prepare"}}
        made = [row for row in rows if row["id"] in written]
        projected = intake.projected(made)
        if on_plan and any(projected.values()):
            on_plan("this run", projected)
        if dry_run:
            return RunReport([], [], [*pending, *parked], 0.0, 0, None)
        report = RunReport([], [], parked, 0.0, 0, None)
        if pending:
            if not limits.keep_free:
                disk = self._disk()
                needed = intake.on_disk(made, self.settings, disk)
                intake.refuse_overflow(needed, self.settings, disk, "this run")

            def work(run_id: int, shown: Watcher) -> pipeline.Outcome:
                return pipeline.run_stages(
                    self.catalog, self.settings, self.home, shown, run_id, stages=chosen, limit=limit, bounds=limits,
                    after_each=lambda done: note_progress(self.catalog.folder, f"{len(done.done)} done, {len(done.failed)} failed"),
                )  # fmt: skip

            report = self._tracked("run", work, watcher, parked)
        if "export" in stages:
            report += self.export(
                limit=limit, until=limits.until, keep_free=limits.keep_free, watcher=watcher
            )
        return report

    def export(
        self, sources: Sequence[int] | None = None, *, preset: str | None = None, to: str | Path | None = None,
        name: str | None = None, complete: bool = False, limit: int | None = None, until: str | datetime | None = None,
        keep_free: str | int | None = None, watcher: Watcher | None = None,
    ) -> RunReport:  # fmt: skip
        """Encode every approved clip once."""
        if name is not None:
            name_template.check(name)
            if to is None:
                raise UsageError("a name is for copies: give the folder for them too (--to DIR)")
        limits = self._bounds(until, keep_free)
        if complete:
            now = datetime.now(UTC).replace(tzinfo=None)
            whole = [row["id"] for row in self.catalog.rows(_COMPLETE, [now])]
            sources = [one for one in whole if sources is None or one in sources]
        if preset not in (None, "h264", "ffv1"):
            raise UsageError(f"no preset {preset!r}; there are h264 and ffv1")
        ready, waiting = pipeline.exportable(self.catalog, self.settings, preset, sources)
        report = RunReport([], [], waiting, 0.0, 0, None)

        def work(run_id: int, shown: Watcher) -> pipeline.Outcome:
            return pipeline.run_export(
                self.catalog, self.settings, self.home, shown, run_id, preset=preset, source_ids=sources,
                limit=limit, bounds=limits)  # fmt: skip

        if ready:
            report = self._tracked("export", work, watcher, waiting)
        if to is not None:
            rows = handover.chosen(
                self.catalog.rows(handover.EXPORTED), sources, preset, self.settings.preset
            )
            with run_lock(self.catalog.folder, "export"):
                chosen = preset or self.settings.preset
                report.handed_over.extend(handover.hand_over(self.store_of, rows, Path(to), name, chosen))
        return report

    def move(
        self, sources: Sequence[int], to: str | Path, watcher: Watcher | None, *, keep: bool, dry_run: bool
    ) -> RunReport:
        """Move sources to another store."""
        place = moving.place_of(to, self.home)
        stores = cache(lambda one: self.store_of({"store": one}))
        mover = moving.Mover(self.catalog, stores, place, keep)
        rows, waiting = moving.chosen(self._sources(), sources, place)
        if dry_run or not (rows or mover.left_behind()):
            return RunReport([], [], [*mover.planned(rows), *waiting], 0.0, 0, None)
        mover.refuse_overflow(rows, self.settings)

        def work(_: int, shown: Watcher) -> pipeline.Outcome:
            outcome = pipeline.Outcome()
            mover.move(rows, outcome, shown)
            return outcome

        return self._tracked(moving.NAME, work, watcher, waiting)

    def snapshot(self) -> Path:
        """Save the catalog, in its folder and in the store of what is new."""
        folder = self.catalog.snapshot(self.catalog.folder / SNAPSHOTS)
        if self.store.place is not None:
            store_snapshots.put(self.store, folder)
        return folder

    def verify(self, rows: Sequence[Row] | None, progress: Callable[[Row], None] | None) -> Row:
        """Read back what these sources have, or all that have a proxy."""
        problems, waiting = [], list[Row]()
        for row in self._sources("proxy_filepath IS NOT NULL") if rows is None else rows:
            if progress:
                progress(row)
            problems += self._problems_of(row, waiting)
        return {"ok": not problems, "problems": problems, **({"waiting": waiting} if waiting else {})}

    def pending(self, stages: Sequence[Stage], rows: Iterable[Row]) -> list[Row]:
        """The next stage of every source that has one."""
        found = (
            (row, next((one for one in stages if one.pending(row, self.settings)), None))
            for row in rows if row["ingest_state"] != "parked"
        )  # fmt: skip
        return [
            {"id": row["id"], "stage": stage.name, "reason": stage.about} for row, stage in found if stage
        ]

    def _meant(self, source: str | Path, confirm: web_pages.Confirm) -> Iterable[Path | web_pages.Film]:
        if web_pages.is_address(source):
            return web_pages.films_at(str(source), self.settings, confirm)
        return intake.files_of(source)

    def _ingest_film(self, film: web_pages.Film, kind: Wanted, watcher: Watcher) -> Row:
        """Note what is at an address, then download it here and now; a film that is known is not asked for again."""
        seen = web_pages.looked_up(film, self.settings)
        probe = web.note_of(film.shown, seen["facts"], clip_file=kind.clip_file)
        self._refuse_strangers()
        added = self.catalog.execute(requests.AddSource(
            None, kind.title or seen["facts"]["title"] or film.shown, "web", film.shown, not (kind.whole_clip or kind.clip_file),
            kind.allow_truncated, None, probe, seen["warnings"], self.store.place, web_key=probe["web"]["web_key"]))  # fmt: skip
        row, duplicate = added["source"], added["duplicate"]
        if ingest.pending(row, self.settings):
            unit = ingest.plan(row, self.settings, address_for(row, self.settings, self.home))
            unit.spec.update(home=str(self.catalog.folder), url=film.url, info=seen["info"])
            if reason := ingest.obstacle(unit):
                raise StageFailed(f"{film.shown}: {reason}", source_id=row["id"])
            key, label = f"{unit.stage}:{row['id']}", f"{row['id']} {unit.label}: {unit.stage}"
            self.catalog.execute(
                requests.StartStage(unit.stage, unit.subject_id, unit.input_hash, unit.params_hash)
            )
            watcher.begin(key, label, unit.total)
            failure: HeatersError | None = None
            try:
                result = self._fetched(unit, film.shown, lambda done: watcher.advance(key, done))
            except HeatersError as error:
                failure = error
                if not duplicate and getattr(
                    error, "permanent", False
                ):  # as of a file that is none, no row is left
                    self.catalog.execute(requests.ForgetSource(row["id"]))
                    downloads.clear(downloads.folder_of(self.catalog.folder, row["id"]))
                raise
            finally:
                watcher.end(key, failure)
            answer = ingest.apply(self.catalog, unit, result, ingest.outcome(unit, result))
            duplicate = "duplicate_of" in answer
            row = {"id": answer.get("duplicate_of", row["id"])}
        return {**self._sources(f"id = {row['id']:d}")[0], "duplicate": duplicate}

    def _ingest_one(
        self, file: Path, kind: Wanted, on_plan: Callable[[Path, Mapping[str, int]], None] | None
    ) -> Row:  # fmt: skip
        seen = intake.look(file, self.settings, clip_file=kind.clip_file)
        projected = dict(seen["probe"]["projected"])
        copied = seen["bytes"] if self.settings.originals == "copy" else 0
        intake.refuse_overflow(
            {mode: count + copied for mode, count in projected.items()}, self.settings, self._disk(), str(file))  # fmt: skip
        self._refuse_strangers()
        added = self.catalog.execute(requests.AddSource(
            seen["sha256"], kind.title or file.stem, "upload", str(file), not (kind.whole_clip or kind.clip_file),
            kind.allow_truncated, seen["bytes"], seen["probe"], seen["warnings"], self.store.place))  # fmt: skip
        row = added["source"]
        if ingest.pending(row, self.settings):
            if on_plan:
                on_plan(file, projected)
            unit = ingest.plan(
                {**row, "origin_url": str(file)}, self.settings, address_for(row, self.settings, self.home)
            )
            self.catalog.execute(
                requests.StartStage(unit.stage, unit.subject_id, unit.input_hash, unit.params_hash)
            )
            self.catalog.execute(ingest.outcome(unit, self._fetched(unit, str(file))))
        return {**self._sources(f"id = {row['id']:d}")[0], "duplicate": added["duplicate"]}

    def _fetched(self, unit: Unit, name: str, report: Callable[[int], None] | None = None) -> Row:
        """Copy or download in this process; a failure is noted, so that a later run tries it again if that can help."""
        try:
            return ingest.run_one(unit.spec, report)
        except (HeatersError, OSError) as error:
            told = as_error(f"{name}: ingest", error)
            self.catalog.execute(requests.FailStage(
                unit.stage, unit.subject_id, unit.input_hash, unit.params_hash, told.message,
                permanent="url" in unit.spec and bool(getattr(told, "permanent", False)), max_attempts=self.settings.max_attempts,
            ))  # fmt: skip
            raise told from error

    def _tracked(
        self,
        verb: str,
        work: Callable[[int, Watcher], pipeline.Outcome],
        watcher: Watcher | None,
        waiting: list[Row],
    ) -> RunReport:
        """Do work as the workspace's one active run, with a row, a report and a snapshot at the end.

        In the kernel of a batch it is a part of the batch's run, which has the row and joins all parts in one report.
        """
        began = time.monotonic()
        with run_lock(self.catalog.folder, verb) as batch:
            if verb != moving.NAME:  # which goes on with uploads that were killed
                self._remove_dead_parts()
            run_id = batch or self._start(verb)
            with nullcontext() if batch else self._closed_run(run_id):
                outcome = work(run_id, watcher or fitting())
            file = self.catalog.folder / REPORTS / f"run_{run_id}.json"
            report = RunReport(
                outcome.done, outcome.failed, outcome.waiting + waiting, time.monotonic() - began, outcome.bytes, file,
                run_ids=(run_id,))  # fmt: skip
            if not batch:
                self.catalog.execute(report.finished(run_id, "failed" if report.failed else "done"))
            (RunReport.read(file, run_id) + report if batch and file.exists() else report).write()
            self.snapshot()
            return report

    def store_of(self, source: Mapping[str, Any]) -> Store:
        """The store in which the files of a source lie."""
        return (
            self.store if source["store"] == self.store.place else store_of(source, self.settings, self.home)
        )

    def _refuse_strangers(self) -> None:
        """Refuse a store elsewhere that holds files of a workspace, and none of this one.

        Keys begin with the number of the source, so what two workspaces put at one place would take the other's place.
        """
        place = self.store.place
        known = "SELECT 1 FROM source_videos WHERE store = ? LIMIT 1"
        if place is None or self.catalog.rows(known, [place]):
            return
        files = (head.key for folder in ARTIFACT_FOLDERS for head in self.store.list(folder))
        if found := next(filter(numbers_of, files), None):
            raise StoreUnavailable(
                f"{self.store.uri(found)} is of another workspace: choose a prefix of your own (s3_prefix), or go on with that one by "
                f"`heaters catalog restore`", place=place,
            )  # fmt: skip

    def _remove_dead_parts(self) -> None:
        """Of the workspace's own folder. A store elsewhere is asked whether it is there; its uploads may be gone on with."""
        open_store(str(self.home)).remove_dead_parts()
        if self.store.place is not None:
            next(self.store.list(ARTIFACT_FOLDERS[0]), None)

    def _start(self, verb: str) -> int:
        return int(self.catalog.execute(requests.StartRun(verb, os.getpid(), os.uname().nodename))["run_id"])

    def _bounds(self, until: str | datetime | None, keep_free: str | int | None) -> Bounds:
        disk = shutil.disk_usage(self.catalog.folder)
        return bounds(until, keep_free, datetime.now(), disk.total)  # noqa: DTZ005 - people's clock

    def _disk(self) -> Disk:
        return disk_of(self.store.place, self.settings, self.home)

    def _sources(self, where: str = "true") -> list[Row]:
        return self.catalog.rows(f"SELECT * FROM source_videos WHERE {where} ORDER BY id")

    @contextmanager
    def _closed_run(self, run_id: int) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            state = "interrupted" if isinstance(error, Interrupted | KeyboardInterrupt) else "died"
            self.catalog.execute(requests.FinishRun(run_id, state))
            raise

    def _problems_of(self, row: Row, waiting: list[Row]) -> list[Row]:
        if row["proxy_filepath"] is None:
            raise UsageError(
                f"source {row['id']} is {row['ingest_state']}: there is nothing to verify yet; `heaters run` first"
            )
        files = self.catalog.rows(
            "SELECT a.kind, a.uri, a.bytes, a.sha256, a.clip_id, c.clip_no FROM clip_artifacts a LEFT JOIN clips c ON c.id = a.clip_id "
            "WHERE a.source_video_id = ? AND a.state = 'live' ORDER BY c.start_frame, a.uri", [row["id"]])  # fmt: skip
        unit = verify.plan(row, self.settings, address_for(row, self.settings, self.home))
        readable, archived = archive.parted(self.store_of(row), files)
        waiting += [archive.unread(row["id"], one) for one in archived]
        unit.spec["archived"] = [one["uri"] for one in archived]
        own, of_clips = (
            [one for one in readable if (one["clip_id"] is None) == alone] for alone in (True, False)
        )
        found, kept = verify.find_all(unit.spec, row, own)
        if found and row["ingest_state"] == "ready":
            self.catalog.execute(requests.FailStage(
                unit.stage, unit.subject_id, unit.input_hash, unit.params_hash, verify.failure(row["id"], found).message,
                permanent=False, max_attempts=self.settings.max_attempts,
            ))  # fmt: skip
        return found + kept + manifests.manifest_problems(unit.spec["store"], row, of_clips)
