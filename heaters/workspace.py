"""A workspace: the composition root, and the Python API.

ws = heaters.open_workspace("shows", create=True)
ws.ingest("show.mp4")
ws.run()
ws.decide("approve", "1.3")
ws.export()
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from heaters import pipeline
from heaters.catalog import requests
from heaters.catalog.tables import PicturedRow
from heaters.config import SETTINGS_FILE, Settings, find_workspace
from heaters.domain.layout import numbers_of
from heaters.domain.nearest import knowing_its_names, refuse_unknown
from heaters.errors import StoreUnavailable, UnknownReference, UsageError
from heaters.execution.loop import Watcher
from heaters.execution.runlock import active_run, run_lock
from heaters.stages import costs, detect
from heaters.stages import janitor as cleaning
from heaters.stages.downloads import remove_stale
from heaters.stages.stage import op_id as new_op_id
from heaters.stages.stage import store_of
from heaters.storage import Store, default_place, disk_of, open_place, open_store
from heaters.work import SNAPSHOTS, RunReport, Work

if TYPE_CHECKING:
    from datetime import datetime

    import numpy as np
    from PIL import Image

    from heaters.catalog.tables import Table
    from heaters.catalog.transports import Catalog
    from heaters.domain.commands import Decision
    from heaters.ui.board import ReviewBoard
    from heaters.ui.plots import Plots
    from heaters.ui.tuning import Tuning

CATALOG_FOLDER: Final = "catalog"
Ref = int | str
Row = dict[str, Any]


def open_workspace(folder: str | Path | None = None, *, create: bool = False, **settings: Any) -> Workspace:
    """Open the workspace in a folder, or make one there.

    Args:
        folder: default: `HEATERS_WORKSPACE`, else the nearest parent folder that is a workspace.
        create: make it if there is none.
        settings: override the workspace's settings, by name.

    Raises:
        WorkspaceNotFound: there is none, and `create` is not set.
        SettingsError: a setting is unknown or has a wrong value.
    """
    if create:
        root = Path(folder or os.environ.get("HEATERS_WORKSPACE") or ".").expanduser().resolve()
        _make(root)
    else:
        root = find_workspace(folder)
    return Workspace(root, Settings.load(root, **settings))


@knowing_its_names
class Workspace:
    """One folder of shows, their artefacts and their catalog. Made by `open_workspace`."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self.store = open_place(default_place(settings), settings, root)
        self._stores: dict[str | None, Store] = {self.store.place: self.store}
        self._catalog: Catalog | None = None

    def __repr__(self) -> str:
        return f"Workspace({self.root.name!r})"  # it is saved with notebooks: no path

    def _repr_html_(self) -> str:
        from heaters.ui.overview import overview  # noqa: PLC0415 - only where it is shown

        return overview(self)

    def store_of(self, source: Mapping[str, Any]) -> Store:
        """The store in which the files of a source lie, by its row; `store` is that of new ones."""
        place = source["store"]
        if place not in self._stores:
            self._stores[place] = store_of(source, self.settings, self.root)
        return self._stores[place]

    @property
    def catalog(self) -> Catalog:
        """The catalog; opened when it is first needed."""
        if self._catalog is None:
            from heaters.catalog.transports import Catalog  # noqa: PLC0415 - only where it is used

            self._catalog = Catalog(self.root / CATALOG_FOLDER, lock_seconds=self.settings.lock_seconds)
        return self._catalog

    # -- work ---------------------------------------------------------------------------------------------------------

    def ingest(
        self, *sources: str | Path, whole_clip: bool = False, clip_files: bool = False, allow_truncated: bool = False,
        title: str | None = None, on_plan: Callable[[Path, Mapping[str, int]], None] | None = None,
        confirm: bool | Callable[[str], bool] = False, watcher: Watcher | None = None,
    ) -> list[Row]:  # fmt: skip
        """Take files, all videos of folders, or films of the web into the workspace.

        Args:
            sources: files, folders, and addresses that begin with http:// or https://.
            whole_clip: each file already is a clip: one clip spanning it, no detection.
            clip_files: each file is a finished clip, of an older workflow say: as `whole_clip`, and `export` copies the file
                itself, unless a preset is asked for by name.
            allow_truncated: accept files of which only a part can be decoded.
            title: of the source, where it is a single file; default: the file's name without extension.
            on_plan: called before bytes are copied, with the projected bytes of both master modes.
            confirm: take playlists too; or who is asked about each.
            watcher: shows how far downloads are.

        Returns:
            One row for each file or film, in order: the source row with `duplicate`, or `source` and `error`.

        Raises:
            HeatersError: where a single file was named and it can't be taken.
            NotEnoughSpace: the projection is over the allowed share of the free space.
        """
        return self._work.ingest(
            *sources, whole_clip=whole_clip, clip_files=clip_files, allow_truncated=allow_truncated, title=title, on_plan=on_plan,
            confirm=confirm, watcher=watcher)  # fmt: skip

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
        """Carry every source through the stages that are pending: prepare, detect, verify.

        Args:
            stages: only these, by name; `export` exports approved clips.
            limit: touch at most so many sources.
            until: `HH:MM`, the next time the clock shows that, or local time: nothing is begun from then on.
            keep_free: bytes (also `"20GB"`) or a share of the disk (`"10%"`): nothing is begun that is projected to leave less.
            dry_run: change nothing; `waiting` tells what would be done.
            on_plan: called before anything is written, with the projected bytes of both master modes.

        Raises:
            RunActive: another run works on this workspace.
            NotEnoughSpace: the projection is over the allowed share of the free space.
            Interrupted: stopped by the user.
        """
        return self._work.run(
            stages, limit=limit, until=until, keep_free=keep_free, dry_run=dry_run, watcher=watcher, on_plan=on_plan)  # fmt: skip

    def export(
        self, sources: Sequence[int] | None = None, *, preset: str | None = None, to: str | Path | None = None,
        name: str | None = None, complete: bool = False, limit: int | None = None, until: str | datetime | None = None,
        keep_free: str | int | None = None, watcher: Watcher | None = None,
    ) -> RunReport:  # fmt: skip
        """Encode every approved clip once, from its gold master.

        Args:
            sources: only clips of these sources.
            preset: `h264` or `ffv1`; default: the workspace's.
            to: also copy all exported clips of these sources into that folder, with `index.parquet` and `index.csv`.
            name: of each copy, a template such as `{label}/{title}_{clip_no:03d}`; fields as in docs/data.md.
            complete: only clips of sources of which no clip is pending or held by a reviewer.
            limit: so many clips at most.
            until: as for `run`.
            keep_free: as for `run`, looked at before each clip.
        """
        for source_id in sources or ():
            self.source(source_id)
        return self._work.export(
            sources, preset=preset, to=to, name=name, complete=complete, limit=limit, until=until, keep_free=keep_free,
            watcher=watcher)  # fmt: skip

    def verify(self, source: int | None = None, progress: Callable[[Row], None] | None = None) -> Row:
        """Read masters and proxies back in full, derive the manifests of exported clips again, and hold all files to their hashes.

        A source of which a file differs that was made from its original is no more `ready` after that: `retry` makes all
        of them anew.

        Returns:
            `ok`, and `problems`: rows with `source_id`, `frame` (or None) and `what`; and where there are archived files, which are
            left alone, `waiting` with rows of the same kind.
        """
        return self._work.verify([self.source(source)] if source is not None else None, progress)

    def retune(
        self, source: int, *, detector: str | None = None, threshold: float | None = None, apply: bool = False,
        reviewer: str | None = None, cuts: Iterable[int] | None = None,
    ) -> Row:  # fmt: skip
        """Detect again from stored scores and compare with the cuts that stand.

        Args:
            cuts: compare with these first frames of shots, instead of detecting; `detector` names where they are from.
            apply: lay the new cuts, but only where no human has touched the clips; one event, one undo.

        Returns:
            First frames of new shots: `cuts`, and of these `added`, `kept`; `removed` are the others that stand now.
            With `apply` these three are what was done, and `held` are the cuts that were neither laid nor removed,
            because a human has touched the clips there.
        """
        row = self.source(source)
        if row["scores_filepath"] is None:
            raise UsageError(
                f"source {source} is {row['ingest_state']}: run `heaters run` first, then retune"
            )
        spec = detect.detection_spec(row, self.store_of(row).address) | {
            "detector": detector or self.settings.detector, "threshold": threshold,
            "min_shot_frames": self.settings.min_shot_frames,
        }  # fmt: skip
        found = detect.detect_cuts(spec) if cuts is None else detect.given_cuts(cuts, detector)
        new, standing = {int(cut) for cut in found.cuts}, self._cuts(source)
        if not apply:
            return detect.comparison(found, standing, new)
        done = self._lay("retune", row, sorted(new), detect.named(found), reviewer)
        answer = detect.comparison(found, standing, self._cuts(source))
        return {**answer, "op_id": done["op_id"], "clips": done["clips"]}

    def export_cuts(
        self, source: int, file: str | Path, *, state: str | None = None, start: str | None = None
    ) -> Row:
        """Write the clips of a source to a file: .csv, .json, .parquet, .edl (CMX 3600) or .otio (OpenTimelineIO).

        Args:
            state: only clips in this state; default: all that are live.
            start: timecode of the source's first frame, for .edl and .otio; default `00:00:00:00`.

        Returns:
            `file`, how many `clips`, and `notes` in words.

        Raises:
            UsageError: an unknown suffix, or a format that can't hold the rate of the source.
        """
        from heaters.stages.cut_files import cut_file, write_cuts  # noqa: PLC0415 - only where one is written

        row = self.source(source)
        named = cut_file(self.catalog, self.store_of(row), row, file, start)
        table = self.clips(source, state)
        notes = write_cuts(named, table)
        return {"file": str(named.path.absolute()), "clips": len(table), "notes": notes}

    def import_cuts(
        self, source: int, cuts: str | Path | Iterable[int], *, apply: bool = False, reviewer: str | None = None,
        start: str | None = None, name: str | None = None,
    ) -> Row:  # fmt: skip
        """Compare a cut list with the cuts that stand, and lay its cuts if asked to. Of a list only its cuts are taken.

        Clips that a human has touched stay as they are, with their cuts; what that keeps a list from is in `conflicts`.

        Args:
            cuts: a file as of `export_cuts`, a scene list of PySceneDetect (.csv), or first frames of shots.
            apply: lay them; one event, one undo.
            start: as for `export_cuts`; an .otio may say it itself.
            name: what the new clips tell as their `detector`; default: the name of the file.

        Returns:
            `cuts` of the list, and of these `kept`, `moved` (`from`, `to`, `by`), `added`; `removed` ones, `conflicts`
            (`frame`, `what`, `ref`, `reason`), `notes`, and whether they are `applied`, then with `op_id` and `clips`.

        Raises:
            UsageError: the file is no such list, or can't be one of this source.
            ClipLeased: another reviewer holds a clip that would change.
        """
        from heaters.stages.cut_import import compare  # noqa: PLC0415 - only where cuts are compared

        row = self.source(source)
        plan, told = compare(self.catalog, self.store_of(row), row, cuts, start)
        if not apply:
            return told
        detector = name or (Path(cuts).name if isinstance(cuts, str | Path) else None)
        done = self._lay("import", row, plan.cuts(), detector, reviewer)
        return {**told, "applied": True, "op_id": done["op_id"], "clips": done["clips"]}

    # -- decisions ----------------------------------------------------------------------------------------------------

    def decide(
        self, action: str, clips: Ref | Iterable[Ref], frame: int | None = None, reviewer: str | None = None, *,
        versions: Mapping[int, int] | None = None, op_id: str | None = None, session: str | None = None, **values: Any,
    ) -> Row:  # fmt: skip
        """Decide on clips: approve, skip, archive, reset, merge, split, move-cut, group, ungroup, annotate.

        Args:
            clips: ids or refs (`"12.47"`).
            frame: absolute source frame, for split and move-cut.
            versions: clip id → version that was seen; a clip that has changed since is refused.
            op_id: UUID text; the same one is carried out once, however often it is sent.
            values: label, tags, note, for annotate.

        Returns:
            `op_id`, `action`, `clips` (rows as they are now) and `next` (the next pending clip, or None).

        Raises:
            DecisionRefused: with what stands in the way.
            UsageError: an unknown action, clip or value, or a frame outside of its clip.
        """
        refuse_unknown(values, ("label", "tags", "note"), "decide")
        from heaters.domain.commands import Decision  # noqa: PLC0415 - where something is decided

        refs = [clips] if isinstance(clips, int | str) else list(clips)
        ids = tuple(self.clip_id(ref) for ref in refs)
        return self._decide(Decision(
            op_id or new_op_id(), action, ids, self._reviewer(reviewer), frame, versions, session, values))  # fmt: skip

    def label(self, table: Any, *, apply: bool = False, reviewer: str | None = None) -> Row:
        """Compare labels, tags and notes of a table with those of the clips, and write them if asked to.

        Args:
            table: a data frame of pandas or polars, an Arrow table or a list of dicts, with a column `ref` (or `id`) and
                some of `label`, `tags` (a list, or text with commas) and `note`. A missing value leaves a word as it is,
                an empty text takes it away.
            apply: write them; one event, one undo.

        Returns:
            `changed` (`ref`, `before`, `after`), how many are `unchanged`, `refused` (`ref`, `reason`), and whether they
            are `applied`, then with `op_id` and `clips`.

        Raises:
            UsageError: a column is missing, or a clip is named twice.
            UnknownReference: a row names no live clip.
        """
        from heaters.domain.commands import Decision  # noqa: PLC0415 - where something is decided
        from heaters.stages.labels import plan_labels  # noqa: PLC0415

        each, versions, told = plan_labels(self.catalog, table)
        if not apply or not each:
            return told
        values = {"each": each}
        done = self._decide(
            Decision(
                new_op_id(), "label", tuple(each), self._reviewer(reviewer), None, versions, values=values
            )
        )
        return {**told, "applied": True, "op_id": done["op_id"], "clips": done["clips"]}

    def undo(self, reviewer: str | None = None, source: int | None = None, *, of: str | None = None) -> Row:
        """Take this reviewer's latest command back, or the one with the op_id `of`."""
        return self.catalog.execute(requests.Undo(new_op_id(), self._reviewer(reviewer), source, of=of))

    def redo(self, reviewer: str | None = None, source: int | None = None, *, of: str | None = None) -> Row:
        """Carry the command that was undone last out again, or the one with the op_id `of`."""
        return self.catalog.execute(requests.Redo(new_op_id(), self._reviewer(reviewer), source, of=of))

    def preferences(self, reviewer: str | None = None) -> Row:
        """What a reviewer prefers on the review board: `fast`, `speed`, `muted`, `preset` and `keys`."""
        from heaters.catalog.preferences import read_preferences  # noqa: PLC0415 - where it is asked for

        return read_preferences(self.catalog.rows, self._reviewer(reviewer))

    def prefer(self, reviewer: str | None = None, **values: Any) -> Row:
        """Choose some preferences of a reviewer anew; returns all.

        Raises:
            UsageError: there is no such preference, or it takes no such value.
        """
        return self.catalog.execute(requests.SetPreferences(self._reviewer(reviewer), values))

    # -- reading ------------------------------------------------------------------------------------------------------

    def sql(self, query: str, *parameters: Any) -> Table:
        """Ask the catalog anything; it can't be written this way. Also offers views on frames and scores."""
        from heaters.stages.elsewhere import bring_tables  # noqa: PLC0415 - where it is asked for

        bring_tables(self.catalog, self.store_of, query)
        return self.catalog.query(query, parameters)

    def sources(self) -> Table:
        """All sources."""
        return self.sql("SELECT * FROM source_videos ORDER BY id")

    def clips(self, source: int | None = None, state: str | None = None) -> Table:
        """Clips by source and start frame, with all that is known of them; `superseded` ones only when asked for.

        Returns:
            The columns of docs/data.md: ref, cut points as frames, pts, seconds and timecode, decisions, detector and
            scores of both cuts, file and hash. `.df()`, `.arrow()` and `.polars()` give it to other libraries.
        """
        from heaters.stages.clip_table import clip_table  # noqa: PLC0415 - numpy only where a table is made

        where, parameters = clip_condition(source, state)
        return clip_table(self.catalog, self.store_of, where, parameters).illustrated(self._clip_images)

    def events(self) -> Table:
        """The log of all commands on clips."""
        return self.sql("SELECT * FROM clip_events ORDER BY seq")

    def scores(self, source: int) -> Table:
        """Frame scores of a source, one row for each frame."""
        self.source(source)
        return self.sql(
            "SELECT * EXCLUDE (picture) FROM scores WHERE source_video_id = ? ORDER BY frame", source
        )

    def frames(self, clip: Ref) -> np.ndarray[Any, Any]:
        """Pictures of a clip from its review proxy: uint8[frames, height, width, 3], RGB."""
        from heaters.stages.pictures import clip_pictures  # noqa: PLC0415 - PyAV only where it is used

        row = self.clip(clip)
        source = self.source(row["source_video_id"])
        return clip_pictures(self.store_of(source), source, row["start_frame"], row["end_frame"])

    def thumbnails(self, clips: Ref | Iterable[Ref]) -> list[Image.Image]:
        """The middle picture of each clip, 320 pixels wide, straight from the proxy's bytes."""
        from heaters.stages.pictures import thumbnail_of  # noqa: PLC0415

        rows = [self.clip(ref) for ref in ([clips] if isinstance(clips, int | str) else clips)]
        sources = [self.source(row["source_video_id"]) for row in rows]
        return [
            thumbnail_of(self.store_of(source), source, row)
            for source, row in zip(sources, rows, strict=True)
        ]

    def review(
        self, source: int | None = None, *, clip: Ref | None = None, reviewer: str | None = None
    ) -> ReviewBoard:
        """The review board, for a notebook: what the dashboard shows. Arguments are those of `ReviewBoard`."""
        from heaters.ui.board import ReviewBoard  # noqa: PLC0415 - widgets only where they are shown

        return ReviewBoard(self, source, clip=clip, reviewer=reviewer)

    @property
    def plot(self) -> Plots:
        """Plots and contact sheets for notebooks: `ws.plot.scores(1)`, `.shot_lengths()`, `.contact_sheet()`."""
        from heaters.ui.plots import Plots  # noqa: PLC0415 - only where something is shown

        return Plots(self)

    def tune(self, source: int, detector: str | None = None, *, tolerance: int = 2) -> Tuning:
        """Try thresholds on the stored scores of a source. Arguments are those of `heaters.ui.tuning.Tuning`."""
        from heaters.ui.tuning import Tuning  # noqa: PLC0415 - only where somebody tunes

        return Tuning(self, source, detector, tolerance=tolerance)

    def source(self, source_id: int) -> Row:
        """One source row.

        Raises:
            UnknownReference: there is none.
        """
        found = self._sources("id = ?", [source_id])
        if not found:
            raise UnknownReference(
                f"there is no source {source_id}; `heaters sources` lists them", source_id=source_id
            )
        return found[0]

    def clip(self, ref: Ref) -> Row:
        """One clip row, by id or ref.

        Raises:
            UnknownReference: there is none.
        """
        condition, parameters = _clip_reference(ref)
        found = self._clips(condition, parameters)
        if not found:
            raise UnknownReference(f"there is no clip {ref}; `heaters clips` lists them", ref=str(ref))
        return PicturedRow(found[0], lambda: self._clip_images(found, width=240)[0])

    def clip_id(self, ref: Ref) -> int:
        """The id of a clip; refs are looked up, ids are taken as they are."""
        return int(ref) if isinstance(ref, int) or ref.isdigit() else int(self.clip(ref)["id"])

    # -- care ---------------------------------------------------------------------------------------------------------

    def janitor(self) -> Row:
        """Remove what killed processes left behind."""
        from heaters.catalog.snapshot import RESTORED_NOTE  # noqa: PLC0415 - DuckDB only where it is used

        with run_lock(self._catalog_folder, "janitor"):
            listing = self._listing()
            lost = cleaning.lost_thumbnails(listing, self.catalog.rows(cleaning.ARTIFACTS))
            forgotten = self.catalog.execute(requests.DropArtifacts(lost))["dropped"]
            rows, restored = self.catalog.rows(cleaning.ARTIFACTS), self._catalog_folder / RESTORED_NOTE
            swept = cleaning.sweep(listing, self._sources(), rows, restored)
            swept["parts"] += remove_stale(self._catalog_folder, self._sources())
            return {**swept, "forgotten": forgotten}

    def move(
        self, *sources: int, to: str | Path, keep: bool = False, dry_run: bool = False, watcher: Watcher | None = None
    ) -> RunReport:  # fmt: skip
        """Move the artefacts of sources to another store; reviewers may go on meanwhile.

        Every file is copied and held to its hash, then the row of the source says the new place, and only then the old files are
        removed. What is killed at any point is taken up by the next call.

        Args:
            sources: their ids; none for all.
            to: `s3://bucket/prefix`, or a folder; that of the workspace moves back.
            keep: leave the old files where they are, until a janitor finds them.
            dry_run: say what would be moved, as `waiting` with `files` and `bytes`.
            watcher: shows how far it is; default: as fits this process.

        Raises:
            NotEnoughSpace: the disk there would be filled.
            RunActive: another run works on this workspace.
        """
        return self._work.move(sources, to, watcher, keep=keep, dry_run=dry_run)

    def retry(self, *source_ids: int) -> list[int]:
        """Let parked or failed sources and failed exports of their clips be tried again; of all where none is named."""
        ids = source_ids or tuple(row["id"] for row in self._sources())
        return list(self.catalog.execute(requests.Retry(ids))["retried"])

    def park(self, source_id: int, reason: str = "parked by hand") -> Row:
        """Take a source out of all runs until `retry`."""
        return self.catalog.execute(requests.Park(source_id, reason))

    def status(self) -> Row:
        """Where everything stands.

        Returns:
            `sources` and `clips` by state, `pending` by stage, the active `run` with what it is `working` on, `last_run`, `runs`,
            `next_run`, `failures` by cause, `stuck` work, `disk`, `backlog` of the review with its pace, `leases`, decisions by
            reviewer and hour as `reviewers`, `stages` and `files` with their seconds and bytes, and `source_list`; times are UTC
            without a zone, `at` is when this was true.
        """
        from heaters.stages import standing  # noqa: PLC0415 - where it is asked for

        facts = standing.read(
            self.catalog, self.settings, disk=disk_of(self.store.place, self.settings, self.root), active=active_run(self._catalog_folder),
            pending=lambda rows: self._work.pending(pipeline.STAGES, rows))  # fmt: skip
        return {"workspace": str(self.root), **facts}

    def runs(self, limit: int = 20) -> list[Row]:
        """The newest runs, the newest first: rows of `runs` with their `seconds`; one whose process is gone has `died`."""
        from heaters.stages.standing import latest_runs  # noqa: PLC0415 - where it is asked for

        return latest_runs(self.catalog, limit, active_run(self._catalog_folder))

    def cost(self) -> list[Row]:
        """Files and bytes in the stores by kind and storage class, and what a month of them costs.

        Returns:
            Rows as of `heaters.stages.costs.costs`, by the prices of `prices.toml` in the workspace, if it has one.
        """
        return costs.costs(self.catalog.rows, costs.Prices.of_workspace(self.root))

    def history(self, clip: Ref | None = None, *, source: int | None = None, limit: int = 50) -> list[Row]:
        """The events of one clip, oldest first; or the latest ones of a source, newest first.

        Returns:
            For a source the rows of `heaters.catalog.history.history`, at most `limit`.
        """
        if (clip is None) == (source is None):
            raise UsageError("name one: a clip, or a source")
        if clip is None:
            from heaters.catalog.history import history  # noqa: PLC0415 - where it is asked for

            return history(self.catalog.rows, self.source(int(source or 0))["id"], limit=limit)
        return self.catalog.rows(
            "SELECT seq, op_id, ts, reviewer, action, frame, undoes FROM clip_events WHERE list_contains(clip_ids, ?) ORDER BY seq",
            [self.clip_id(clip)],
        )

    def as_python(self, source: int) -> str:
        """The decisions on a source as a script that does the same in a workspace where nothing is decided on it yet."""
        from heaters.catalog.history import recorded  # noqa: PLC0415 - where it is asked for
        from heaters.domain.script import as_python  # noqa: PLC0415

        row = self.source(source)
        return as_python(source, row["title"], recorded(self.catalog.rows, source))

    def check(self) -> list[str]:
        """Everything in the catalog that must not be, in words."""
        from heaters.catalog.check import check  # noqa: PLC0415 - DuckDB only where it is used

        return [*check(self.catalog), *self.lost_files()]

    def lost_files(self) -> list[str]:
        """Artefacts whose file is gone, in words."""
        from heaters.catalog.check import lost_files  # noqa: PLC0415 - DuckDB only where it is used

        return lost_files(self.catalog, self._listing().has)

    def restore(self, snapshot: str | Path | None = None, *, place: str | None = None) -> Row:
        """Make the catalog anew from a snapshot, by default the newest.

        Args:
            snapshot: a folder, or the name of a snapshot in the workspace or its store.
            place: a store to take it from, as `s3://bucket/prefix`.

        Returns:
            `restored`, its folder, and `lost`: how many `sources` and `events` of the catalog that was there are not
            in it; None where that can't be read any more.
        """
        from heaters.catalog.snapshot import restore  # noqa: PLC0415 - DuckDB only where it is used
        from heaters.stages.store_snapshots import find  # noqa: PLC0415 - rarely

        with run_lock(self._catalog_folder, "restore"):
            folder = find(
                snapshot,
                place,
                self._catalog_folder / SNAPSHOTS,
                self.store,
                lambda one: self.store_of({"store": one}),
            )
            stores = {None: open_store(str(self.root)), **self._stores}
            files = (cleaning.published(store) for store in stores.values())
            used = [numbers_of(head.key) or (0, 0) for head in chain.from_iterable(files)]
            return {"restored": folder, "lost": restore(self._catalog_folder, folder, used)}

    def snapshot(self) -> Path:
        """Write every table of the catalog to Parquet; where the workspace's store is elsewhere, there too."""
        return self._work.snapshot()

    # -- inside -------------------------------------------------------------------------------------------------------

    @property
    def _work(self) -> Work:
        return Work(self.catalog, self.settings, self.root, self.store)

    @property
    def _catalog_folder(self) -> Path:
        return self.root / CATALOG_FOLDER

    def _listing(self) -> cleaning.Listing:
        """What lies in the workspace's own folder, in the store of what is new, and in those of all sources."""
        places = self.catalog.rows("SELECT DISTINCT store FROM source_videos")
        stores = {row["store"]: self.store_of(row) for row in places}
        return cleaning.Listing({None: open_store(str(self.root)), self.store.place: self.store, **stores})

    def _reviewer(self, given: str | None) -> str:
        return given or self.settings.reviewer

    def _decide(self, decision: Decision) -> Row:
        return self.catalog.execute(decision)

    def _lay(
        self, action: str, row: Row, cuts: Sequence[int], detector: str | None, reviewer: str | None
    ) -> Row:
        """Lay cuts where no human has touched the clips, and make the thumbnails of new shots."""
        from heaters.domain.commands import Decision  # noqa: PLC0415 - where something is decided

        values = {"source_id": row["id"], "cuts": list(cuts), "detector": detector}
        done = self._decide(Decision(new_op_id(), action, (), self._reviewer(reviewer), values=values))
        self._add_keyframes(row, detect.detection_spec(row, self.store_of(row).address))
        return done

    def _sources(self, where: str = "true", parameters: Sequence[Any] = ()) -> list[Row]:
        return self.catalog.rows(f"SELECT * FROM source_videos WHERE {where} ORDER BY id", parameters)

    def _clips(self, where: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self.catalog.rows(
            f"SELECT * FROM clips_with_cut_points WHERE {where} ORDER BY source_video_id, start_frame, id",
            parameters,
        )

    def _cuts(self, source: int) -> set[int]:
        """First frames of all live clips but the first."""
        rows = self._clips("source_video_id = ? AND state <> 'superseded' AND start_frame > 0", [source])
        return {row["start_frame"] for row in rows}

    def _clip_images(self, clips: Sequence[Row], width: int = 120) -> list[str]:
        from heaters.stages.pictures import clip_images  # noqa: PLC0415 - PyAV only where it is used

        return clip_images(self.store_of, self._sources(), clips, width)

    def _add_keyframes(self, row: Row, spec: Mapping[str, Any]) -> None:
        known = {one["frame"] for one in self.catalog.rows(
            "SELECT frame FROM clip_artifacts WHERE source_video_id = ? AND kind = 'source_keyframe'", [row["id"]])}  # fmt: skip
        frames = [
            frame
            for frame in detect.middle_frames(self._cuts(row["id"]), row["n_frames"])
            if frame not in known
        ]
        if frames:
            made = [requests.Artifact(**one) for one in detect.publish_keyframes(spec, frames)]
            self.catalog.execute(requests.AddKeyframes(row["id"], made))


def clip_condition(source: int | None, state: str | None) -> tuple[str, list[Any]]:
    """SQL condition and parameters for a choice of clips."""
    parts, parameters = [], list[Any]()
    if source is not None:
        parts.append("source_video_id = ?")
        parameters.append(source)
    parts.append("state = ?" if state else "state <> 'superseded'")
    parameters += [state] if state else []
    return " AND ".join(parts), parameters


def _clip_reference(ref: Ref) -> tuple[str, list[int]]:
    if isinstance(ref, int) or ref.isdigit():
        return "id = ?", [int(ref)]
    source, _, number = str(ref).partition(".")
    if not (source.isdigit() and number.isdigit()):
        raise UnknownReference(f"{ref!r} is neither a clip id nor a ref like 12.47", ref=str(ref))
    return "source_video_id = ? AND clip_no = ?", [int(source), int(number)]


def _make(root: Path) -> None:
    from heaters.catalog.transports import Catalog  # noqa: PLC0415 - only where it is used

    file = root / SETTINGS_FILE
    try:
        (root / CATALOG_FOLDER).mkdir(parents=True, exist_ok=True)
        Catalog(root / CATALOG_FOLDER).create()
        if not file.exists():
            file.write_text(
                "# Settings of this workspace; `heaters config` lists all of them with their origin.\n",
                "utf-8",
            )
    except OSError as error:
        raise StoreUnavailable(
            f"can't make a workspace in {root}: {error.strerror}; name a folder that you can write to",
            path=str(root),
        ) from error
