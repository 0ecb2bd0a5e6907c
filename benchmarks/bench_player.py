"""The player in real Chromium against `<video>`, mediabunny and JPEG sheets, all served by one server with byte ranges.

The server sends each answer at 100 Mbit/s. One film of 720p with sound is prepared as always; its review proxy is what our
player, `<video>` and mediabunny read. In each round every player gets a fresh browser profile and the same frames, in
another order of players. A seek is cold where the server had not sent the frame before. A picture counts when its own
barcode says that it is the frame that was asked for; wrong ones are counted in the notes. The last rows open the page of
the dashboard on a real Voila with a real kernel.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from player.arena import Arena, Missing, arena, bundled, chromium
from player.film import CELL, SHEET_QUALITY, Sheets, make_sheets, make_workspace
from player.page_open import Opening, open_pages

from heaters.ui import messages

Row = dict[str, Any]
ON_PROXY: Final = ("ours", "video", "mediabunny")
PLAYERS: Final = ("ours", "video", "mediabunny", "gop", "sheets")
WARM_UP: Final = 3
"""Seeks of a fresh page that are not counted."""
GOP_SEEKS: Final = 2
"""Counted seeks of a round where one takes seconds."""
REST_MS: Final = 50
PERCENT_95: Final = 0.95
QUANTILES: Final = (("p50", 0.5), ("p95", PERCENT_95))
CLOCK_SECONDS: Final = 0.01
"""The page's wall clock and the server's may differ by so much; less than the rest between seeks."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    seconds: float
    rounds: int
    seeks: int
    scrubbed: int
    plays: int
    hosts: int
    visits: int


FULL: Final = Size(seconds=60, rounds=16, seeks=12, scrubbed=200, plays=2, hosts=3, visits=4)
QUICK: Final = Size(seconds=12, rounds=2, seeks=8, scrubbed=60, plays=1, hosts=1, visits=2)


@dataclass
class Seeks:
    """Counted seeks of one player over all rounds."""

    cold: list[Row] = field(default_factory=list)
    """Those of frames whose bytes the server had not sent before, by its log."""
    read_before: list[Row] = field(default_factory=list)
    """Seeks to frames that a player had read on its own."""
    warm: list[Row] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    """Bytes that the server sent for a seek, by those of the frame."""
    megabytes: float = 0.0

    @property
    def wrong(self) -> int:
        """Pictures that were another frame than the one asked for."""
        return sum(one["number"] != one["frame"] for one in (*self.cold, *self.read_before, *self.warm))


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="12 seconds of film, few rounds")
    parser.add_argument(
        "--film", type=Path, help="keep the film in this folder, and take it from there the next time"
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    with tempfile.TemporaryDirectory(prefix="heaters-player-") as scratch:
        folder = arguments.film or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for one in measure(folder, Path(scratch), size, arguments.only or list(PARTS)):
            show(one)
            if arguments.json:
                with arguments.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(one, ensure_ascii=False) + "\n")


def measure(folder: Path, scratch: Path, size: Size, parts: Sequence[str]) -> Iterator[Row]:
    """Rows of all parts; one that says what is missing where this machine lacks something."""
    try:
        with chromium() as browser:
            workspace = make_workspace(folder, size.seconds)
            sheets = make_sheets(folder)
            with arena(browser, workspace, folder, sheets, scratch) as ring:
                for name in parts:
                    if name != "open":
                        yield from PARTS[name](ring, size, sheets)
            if "open" in parts:
                watch = bundled("openWatch.ts", scratch).decode()
                yield from opening_rows(
                    open_pages(browser, watch, workspace.root, scratch, size.hosts, size.visits)
                )
    except Missing as missing:
        yield row("not measured", None, None, "", note=str(missing))


def measure_seeks(ring: Arena, size: Size, sheets: Sheets) -> Iterator[Row]:
    """Random frames, cold; then the same ones again for our player."""
    found = {name: Seeks() for name in PLAYERS if name != "mediabunny" or ring.mediabunny}
    names = list(found)
    for number in range(size.rounds):
        frames = random.Random(number).sample(range(2, ring.film.n_frames - 2), WARM_UP + size.seeks)
        for name in turned(names, number):
            own = frames[: WARM_UP + GOP_SEEKS] if name == "gop" else frames
            seek_round(ring, found[name], name, f"{name}-{number}", own)
    yield from seek_rows(found, ring, sheets)


def seek_round(ring: Arena, into: Seeks, name: str, who: str, frames: list[int]) -> None:
    """One player, one fresh page."""
    with ring.page(name, who) as page:
        run = "([frames, rest]) => bench.seeks(frames, rest)"
        # the first sheet of a page is the one that takes time, so nothing of it is a warm-up
        first = 0 if name == "sheets" else WARM_UP
        done = page.evaluate(run, [frames, REST_MS])[first:]
        if name == "ours":
            again = random.Random(who).sample(frames[first:], len(frames) - first)
            into.warm += page.evaluate(run, [again, REST_MS])
    into.medians.append(statistics.median(one["painted"] for one in done))
    into.megabytes += sum(one.sent for one in ring.log.requests if one.who == who) / 1e6
    if name in ON_PROXY:
        sort_out(into, done, who, ring)
    else:
        into.cold += done


def sort_out(into: Seeks, done: list[Row], who: str, ring: Arena) -> None:
    """Look up in the server's log which seeks were cold, and what they read."""
    columns = ring.film.columns
    requests = ring.log.of(who, "proxy.mp4")
    for at, one in enumerate(done):
        first, size = (int(columns[name][one["frame"]]) for name in ("offset", "size"))
        if ring.log.has_sent(who, "proxy.mp4", first, first + size, one["began"]):
            into.read_before.append(one)
            continue
        into.cold.append(one)
        until = done[at + 1]["began"] if at + 1 < len(done) else one["began"] + one["shown"] / 1000
        own = [ask for ask in requests if one["began"] <= ask.began + CLOCK_SECONDS < until]
        into.requests.append(len(own))
        into.share.append(sum(ask.sent for ask in own) / size)


def seek_rows(found: dict[str, Seeks], ring: Arena, sheets: Sheets) -> Iterator[Row]:
    """Our times against each peer's, and our requests."""
    ours, gop = found["ours"], found["gop"]
    yield from video_rows(ours, found["video"], ring)
    yield from mediabunny_rows(ours, found.get("mediabunny"), ring)
    yield row(
        "cold seeks with exactly one request", 100 * ours.requests.count(1) / len(ours.requests), None, "%", "ours >= 100",
        f"of {len(ours.requests)}; fewest {min(ours.requests)}, most {max(ours.requests)}",
    )  # fmt: skip
    yield row(
        "bytes of a cold seek by those of the frame, most", max(ours.share), None, "", "ours <= 1.05", f"least {min(ours.share):.3f}",
    )  # fmt: skip
    yield row(
        "cached seek p50, peer: cold", quantile(ours.warm, 0.5), quantile(ours.cold, 0.5), "ms", "ratio <= 0.6",
        f"p95 {quantile(ours.warm, PERCENT_95):.0f} ms; both ours",
    )  # fmt: skip
    yield row(
        "random seek p50, cold, <video> on a GOP of 250", quantile(ours.cold, 0.5), quantile(gop.cold, 0.5), "ms",
        note=f"p95 {quantile(gop.cold, PERCENT_95):.0f} ms of {len(gop.cold)}; wrong {gop.wrong}",
    )  # fmt: skip
    yield sheet_row(found["sheets"], ours, ring, sheets)


def video_rows(ours: Seeks, video: Seeks, ring: Arena) -> Iterator[Row]:
    """Against `<video>` on the same proxy."""
    size = ring.film.columns["size"].mean() / 1000
    for name, at in QUANTILES:
        rendered = [f"{quantile(one.cold, at, 'shown'):.0f}" for one in (ours, video)]
        yield row(
            f"random seek {name}, cold, <video> on the proxy", quantile(ours.cold, at), quantile(video.cold, at), "ms", "ratio <= 0.35",
            f"{len(ours.cold)} and {len(video.cold)} random frames of {size:.0f} kB; <video> had read {len(video.read_before)} more ahead "
            f"({quantile(video.read_before, at):.0f} ms, not counted), {video.megabytes:.0f} MB in all; wrong {ours.wrong}, {video.wrong}; "
            f"until the page's next rendering {' and '.join(rendered)} ms; medians of rounds {by_round(ours)} and {by_round(video)}",
        )  # fmt: skip


def mediabunny_rows(ours: Seeks, bunny: Seeks | None, ring: Arena) -> Iterator[Row]:
    """Against mediabunny on the same proxy."""
    for name, at in QUANTILES:
        title, target = f"random seek {name}, cold, mediabunny", "ratio <= 0.8" if name == "p50" else ""
        mine = quantile(ours.cold, at)
        if bunny is None:
            yield row(
                title, mine, None, "ms", target, "mediabunny is not installed: npm ci in benchmarks/player"
            )
            continue
        yield row(
            title, mine, quantile(bunny.cold, at), "ms", target,
            f"mediabunny {ring.mediabunny}, getSample, cache of a quarter of the file; it had read {len(bunny.read_before)} "
            f"more ahead, not counted; wrong {bunny.wrong}; medians of rounds "
            f"{by_round(ours)} and {by_round(bunny)}; all seeks read {ours.megabytes:.1f} and {bunny.megabytes:.0f} MB",
        )  # fmt: skip


def sheet_row(cells: Seeks, ours: Seeks, ring: Arena, sheets: Sheets) -> Row:
    """What sheets cost before anything can be seen, and then."""
    first = cells.cold[:: len(cells.cold) // len(cells.medians)]
    any_seek = " and ".join(f"{quantile(cells.cold, at):.1f}" for _, at in QUANTILES)
    return row(
        "first picture, JPEG sheets", quantile(ours.cold, 0.5), quantile(first, 0.5), "ms",
        note=f"cells of {CELL[0]}×{CELL[1]}, quality {SHEET_QUALITY}: {len(sheets.paths)} sheets of {sheets.total_bytes / 1e6:.0f} MB, "
        f"made in {sheets.seconds:.0f} s (the proxy has {ring.film.facts['proxy_bytes'] / 1e6:.0f} MB); any seek p50, p95 {any_seek} ms; "
        f"wrong {cells.wrong}",
    )  # fmt: skip


def measure_scrub(ring: Arena, size: Size, _: Sheets) -> Iterator[Row]:
    """Neighbouring frames as fast as they can be painted."""
    names = ["ours", "mediabunny", "video"] if ring.mediabunny else ["ours", "video"]
    rates: dict[str, list[float]] = {name: [] for name in names}
    wrong = dict.fromkeys(names, 0)
    for number in range(size.rounds):
        first = random.Random(number).randrange(1, ring.film.n_frames - size.scrubbed)
        for name in turned(names, number):
            # a `<video>` takes long enough for a quarter
            end = first + size.scrubbed // (4 if name == "video" else 1)
            with ring.page(name, f"{name}-scrub-{number}") as page:
                one = page.evaluate("([first, end]) => bench.scrub(first, end)", [first, end])
            rates[name].append(one["painted"] / one["seconds"])
            wrong[name] += one["wrong"]
    ours = statistics.median(rates["ours"])
    for name in names[1:]:
        rounds = " and ".join(" ".join(f"{rate:.0f}" for rate in rates[who]) for who in ("ours", name))
        title = "scrub, <video>" if name == "video" else "scrub, the iterator of mediabunny"
        yield row(
            title, ours, statistics.median(rates[name]), "fps", "ratio >= 1.0",
            f"{size.scrubbed} neighbouring frames from a cold start; by round {rounds}; wrong {wrong['ours']} and {wrong[name]}",
        )  # fmt: skip


@dataclass
class Plays:
    """All the times that one player played the film."""

    lost: int = 0
    """Frames that were never on screen."""
    apart: list[float] = field(default_factory=list)
    """Milliseconds between the time of the sound and the start of the frame, whenever one was painted."""
    notes: list[str] = field(default_factory=list)

    def add(self, played: Row, film: messages.Film, *, own_count: bool) -> None:
        """Count one time; a page may miss frame callbacks, so a player's own count is taken where that is better for it."""
        paints = played["paints"]
        seen = len({paint["frame"] for paint in paints})
        missing = film.n_frames - seen
        self.lost += min(missing, played["dropped"]) if own_count else missing
        unit = film.facts["time_base"][0] / film.facts["time_base"][1]
        heard = [paint for paint in paints if paint["heard"] is not None]
        self.apart += [
            1000 * abs(paint["heard"] - unit * film.columns["pts"][paint["frame"]]) for paint in heard
        ]
        read = [paint for paint in paints if paint["number"] is not None]
        wrong = sum(paint["number"] != paint["frame"] for paint in read)
        self.notes.append(
            f"{seen} seen in {played['seconds']:.1f} s, {played['dropped']} dropped by its own count, {len(paints) - len(heard)} without "
            f"sound, wrong {wrong} of {len(read)} read"
        )


def measure_play(ring: Arena, size: Size, _: Sheets) -> Iterator[Row]:
    """The whole film with sound at its own speed."""
    plays = {"ours": Plays(), "video": Plays()}
    for number in range(size.plays):
        for name in turned(list(plays), number):
            with ring.page(name, f"{name}-play-{number}") as page:
                played = page.evaluate("frames => bench.play(frames)", ring.film.n_frames)
            plays[name].add(played, ring.film, own_count=name == "video")
    total = ring.film.n_frames * size.plays
    ours, video = plays["ours"], plays["video"]
    yield row(
        f"dropped while playing {size.seconds:.0f} s, <video>", 100 * ours.lost / total, 100 * video.lost / total, "%", "ratio <= 1.0",
        f"{ours.lost} and {video.lost} of {total} frames; ours: {' / '.join(ours.notes)}; <video>: {' / '.join(video.notes)}",
    )  # fmt: skip
    yield row(
        "sound against painted frame, p95", spread(ours.apart), spread(video.apart), "ms", "ours <= 40",
        f"whenever a frame was painted, {len(ours.apart)} times; ours p50 {statistics.median(ours.apart or [0]):.0f} ms",
    )  # fmt: skip


def opening_rows(openings: Sequence[Opening]) -> Iterator[Row]:
    """From the click to the first frame."""
    for name, cold in (("cold", True), ("warm", False)):
        own = [one for one in openings if one.cold == cold]
        parts = {key: statistics.median(one.parts[key] for one in own) for key in own[0].parts}
        told = ", ".join(f"{key} {value:.2f}" for key, value in parts.items())
        yield row(
            f"page open to first frame, {name}", statistics.median(one.total for one in own), None, "s",
            note=f"median of {len(own)}: {told}; wrong {sum(one.wrong for one in own)}",
        )  # fmt: skip


PARTS: Final[dict[str, Callable[[Arena, Size, Sheets], Iterator[Row]] | None]] = {
    "seek": measure_seeks, "scrub": measure_scrub, "play": measure_play, "open": None,
}  # fmt: skip


def quantile(seeks: Sequence[Row], at: float, name: str = "painted") -> float:
    """Of the times of some seeks."""
    times = sorted(one[name] for one in seeks)
    if not times:
        return math.nan
    return float(times[min(len(times) - 1, round(at * (len(times) - 1)))])


def spread(values: Sequence[float]) -> float | None:
    """The 95th percentile; nothing where nothing was heard."""
    return sorted(values)[round(PERCENT_95 * (len(values) - 1))] if values else None


def by_round(seeks: Seeks) -> str:
    """Medians of the rounds."""
    return " ".join(f"{one:.0f}" for one in seeks.medians)


def turned(names: list[str], by: int) -> list[str]:
    """Another order in each round."""
    first = by % len(names)
    return names[first:] + names[:first]


def row(
    name: str, ours: float | None, peer: float | None, unit: str, target: str = "", note: str = ""
) -> Row:
    """One row of the table."""
    ratio = ours / peer if ours is not None and peer else None
    if ours is not None and peer == 0 and "ratio" in target:
        ratio = 1.0 if ours == 0 else None
    return {
        "bench": "player", "row": name, "ours": ours, "peer": peer, "ratio": ratio, "target": target, "unit": unit, "note": note,
    }  # fmt: skip


def show(one: Row) -> None:
    """One line on the terminal."""
    cells = [f"{one[key]:8.2f}" if one[key] is not None else " " * 8 for key in ("ours", "peer", "ratio")]
    print(
        f"{one['row']:<52} {' '.join(cells)} {one['unit']:<4} {one['target']:<14} {one['note']}", flush=True
    )


if __name__ == "__main__":
    main()
