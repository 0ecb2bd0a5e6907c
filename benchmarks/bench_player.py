"""The player in real Chromium against `<video>`, mediabunny and JPEG sheets, all served by one server with byte ranges.

One film of 720p with sound is prepared as always; its review proxy is what our player, `<video>` and mediabunny read. In
each round every player gets a fresh browser profile and the same frames, in another order of players. A picture counts when
its own barcode says that it is the frame that was asked for; wrong ones are counted in the notes. The last rows open the
page of the dashboard on a real Voila with a real kernel.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from player.arena import Arena, Missing, arena, bundled, chromium
from player.film import SHEET_QUALITY, Sheets, make_sheets, make_workspace
from player.page_open import Opening, open_pages

Row = dict[str, Any]
PLAYERS: Final = ("ours", "video", "mediabunny", "gop", "sheets")
WARM_UP: Final = 3
"""Seeks of a fresh page that are not counted."""
GOP_SEEKS: Final = 5
"""Counted seeks of a round where one takes seconds."""
REST_MS: Final = 50
PERCENT_95: Final = 0.95


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


FULL: Final = Size(seconds=60, rounds=8, seeks=25, scrubbed=200, plays=2, hosts=3, visits=4)
QUICK: Final = Size(seconds=12, rounds=2, seeks=8, scrubbed=60, plays=1, hosts=1, visits=2)


@dataclass
class Seeks:
    """Counted seeks of one player over all rounds."""

    cold: list[Row] = field(default_factory=list)
    warm: list[Row] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    """Bytes that the server sent for a seek, by those of the frame."""
    total_bytes: int = 0

    @property
    def wrong(self) -> int:
        """Pictures that were another frame than the one asked for."""
        return sum(one["number"] != one["frame"] for one in (*self.cold, *self.warm))


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
        for name in names[number % len(names) :] + names[: number % len(names)]:
            own = frames[: WARM_UP + GOP_SEEKS] if name == "gop" else frames
            seek_round(ring, found[name], name, f"{name}-{number}", own)
    yield from seek_rows(found, ring, sheets)


def seek_round(ring: Arena, into: Seeks, name: str, who: str, frames: list[int]) -> None:
    """One player, one fresh page."""
    with ring.page(name, who) as page:
        run = "([frames, rest]) => bench.seeks(frames, rest)"
        # the first sheet of a page is the one that takes time, so nothing of it is a warm-up
        first = 0 if name == "sheets" else WARM_UP
        cold = page.evaluate(run, [frames, REST_MS])[first:]
        into.cold += cold
        into.medians.append(statistics.median(one["painted"] for one in cold))
        if name == "ours":
            again = random.Random(who).sample(frames[first:], len(frames) - first)
            into.warm += page.evaluate(run, [again, REST_MS])
    into.total_bytes += sum(one.sent for one in ring.log.requests if one.who == who)
    sizes = ring.film.columns["size"]
    requests = ring.log.of(who, "proxy.mp4")
    for at, one in enumerate(cold):
        until = cold[at + 1]["began"] if at + 1 < len(cold) else one["began"] + one["shown"] / 1000
        own = [request for request in requests if one["began"] <= request.began < until]
        into.requests.append(len(own))
        into.share.append(sum(request.sent for request in own) / float(sizes[one["frame"]]))


def seek_rows(found: dict[str, Seeks], ring: Arena, sheets: Sheets) -> Iterator[Row]:
    """Our times against each peer's, and our requests."""
    ours, video = found["ours"], found["video"]
    count = f"{len(ours.cold)} random frames, {sum(ring.film.columns['size']) / ring.film.n_frames / 1000:.0f} kB each"
    bunny = found.get("mediabunny")
    for name, at in (("p50", 0.5), ("p95", PERCENT_95)):
        yield row(
            f"random seek {name}, cold, <video> on the proxy", quantile(ours.cold, at), quantile(video.cold, at), "ms",
            "ratio <= 0.35", f"{count}; {wrongs(found, 'ours', 'video')}; until the page's next rendering "
            f"{quantile(ours.cold, at, 'shown'):.0f} and {quantile(video.cold, at, 'shown'):.0f} ms; by round {by_round(ours)} and {by_round(video)}",
        )  # fmt: skip
    for name, at, target in (("p50", 0.5, "ratio <= 0.8"), ("p95", PERCENT_95, "")):
        if bunny is None:
            yield row(
                f"random seek {name}, cold, mediabunny",
                quantile(ours.cold, at),
                None,
                "ms",
                target,
                "mediabunny is not installed: npm ci in benchmarks/player",
            )
            continue
        yield row(
            f"random seek {name}, cold, mediabunny", quantile(ours.cold, at), quantile(bunny.cold, at), "ms", target,
            f"mediabunny {ring.mediabunny}, getSample, cache of a quarter of the file; {wrongs(found, 'mediabunny')}; by round {by_round(bunny)}; "
            f"it read {bunny.total_bytes / 1e6:.0f} MB in {sum(bunny.requests)} requests, ours {ours.total_bytes / 1e6:.1f}",
        )  # fmt: skip
    once = sum(number == 1 for number in ours.requests)
    yield row(
        "requests of a cold seek, most",
        float(max(ours.requests)),
        None,
        "",
        "ours <= 1",
        f"{once} of {len(ours.requests)} seeks made exactly one",
    )
    yield row(
        "bytes of a cold seek by those of the frame, most",
        max(ours.share),
        None,
        "",
        "ours <= 1.05",
        f"least {min(ours.share):.3f}",
    )
    yield row(
        "cached seek p50, peer: cold", quantile(ours.warm, 0.5), quantile(ours.cold, 0.5), "ms", "ratio <= 0.6",
        f"p95 {quantile(ours.warm, PERCENT_95):.0f} ms; both ours",
    )  # fmt: skip
    gop = found["gop"]
    yield row(
        "random seek p50, cold, <video> on a GOP of 250", quantile(ours.cold, 0.5), quantile(gop.cold, 0.5), "ms",
        note=f"p95 {quantile(gop.cold, PERCENT_95):.0f} ms; {wrongs(found, 'gop')}",
    )  # fmt: skip
    yield sheet_row(found["sheets"], ours, ring, sheets)


def sheet_row(cells: Seeks, ours: Seeks, ring: Arena, sheets: Sheets) -> Row:
    """What sheets cost before anything can be seen, and then."""
    first = [one for at, one in enumerate(cells.cold) if at % (len(cells.cold) // len(cells.medians)) == 0]
    return row(
        "first picture, JPEG sheets", quantile(ours.cold, 0.5), quantile(first, 0.5), "ms",
        note=f"a third of the width, quality {SHEET_QUALITY}: {len(sheets.paths)} sheets of {sheets.total_bytes / 1e6:.0f} MB that took {sheets.seconds:.0f} s "
        f"to make (the proxy has {ring.film.facts['proxy_bytes'] / 1e6:.0f} MB); any seek p50 {quantile(cells.cold, 0.5):.1f}, p95 "
        f"{quantile(cells.cold, PERCENT_95):.0f} ms; wrong {cells.wrong}",
    )  # fmt: skip


def measure_scrub(ring: Arena, size: Size, _: Sheets) -> Iterator[Row]:
    """Neighbouring frames as fast as they can be painted."""
    names = ["ours", "mediabunny", "video"] if ring.mediabunny else ["ours", "video"]
    rates: dict[str, list[float]] = {name: [] for name in names}
    wrong = dict.fromkeys(names, 0)
    for number in range(size.rounds):
        first = random.Random(number).randrange(1, ring.film.n_frames - size.scrubbed)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            # a `<video>` takes long enough for a quarter
            end = first + size.scrubbed // (4 if name == "video" else 1)
            with ring.page(name, f"{name}-scrub-{number}") as page:
                one = page.evaluate("([first, end]) => bench.scrub(first, end)", [first, end])
            rates[name].append(one["painted"] / one["seconds"])
            wrong[name] += one["wrong"]
    for name in names[1:]:
        yield row(
            f"scrub, {'<video>' if name == 'video' else 'the iterator of mediabunny'}", statistics.median(rates["ours"]), statistics.median(rates[name]), "fps",
            "ratio >= 1.0", f"{size.scrubbed} neighbouring frames from a cold start, median of {size.rounds}; wrong {wrong['ours']} and {wrong[name]}",
        )  # fmt: skip


def measure_play(ring: Arena, size: Size, _: Sheets) -> Iterator[Row]:
    """The whole film with sound at its own speed."""
    frames = ring.film.n_frames
    lost: dict[str, list[int]] = {"ours": [], "video": []}
    apart: dict[str, list[float]] = {"ours": [], "video": []}
    notes: dict[str, list[str]] = {"ours": [], "video": []}
    names = list(lost)
    for number in range(size.plays):
        for name in names[:: 1 if number % 2 == 0 else -1]:
            with ring.page(name, f"{name}-play-{number}") as page:
                one = page.evaluate("frames => bench.play(frames)", frames)
            seen = {paint["frame"] for paint in one["paints"]}
            read = [paint for paint in one["paints"] if paint["number"] is not None]
            wrong = sum(paint["number"] != paint["frame"] for paint in read)
            # frames that were never on screen; a page may miss frame callbacks, so its own count helps `<video>`
            lost[name].append(
                frames - len(seen) if name == "ours" else min(frames - len(seen), one["dropped"])
            )
            rows = (
                ring.film.columns["pts"]
                * float(ring.film.facts["time_base"][0])
                / ring.film.facts["time_base"][1]
            )
            apart[name] += [
                1000 * abs(paint["heard"] - rows[paint["frame"]])
                for paint in one["paints"]
                if paint["heard"] is not None
            ]
            silent = sum(paint["heard"] is None for paint in one["paints"])
            notes[name].append(
                f"{len(seen)} of {frames} seen in {one['seconds']:.1f} s, {one['dropped']} dropped by its own count, {silent} without sound, "
                f"wrong {wrong} of {len(read)} read"
            )
    total = frames * size.plays
    yield row(
        f"dropped while playing {size.seconds:.0f} s, <video>", 100 * sum(lost["ours"]) / total, 100 * sum(lost["video"]) / total, "%", "ratio <= 1.0",
        f"{sum(lost['ours'])} and {sum(lost['video'])} of {total} frames; ours: {' / '.join(notes['ours'])}; <video>: {' / '.join(notes['video'])}",
    )  # fmt: skip
    yield row(
        "sound against painted frame, p95", spread(apart["ours"]), spread(apart["video"]), "ms", "ours <= 40",
        f"|time of the sound - start of the frame| whenever a frame was painted; p50 {statistics.median(apart['ours'] or [0]):.0f} ms, ours; {len(apart['ours'])} paints",
    )  # fmt: skip


def opening_rows(openings: Sequence[Opening]) -> Iterator[Row]:
    """From the click to the first frame."""
    for name, cold in (("cold", True), ("warm", False)):
        own = [one for one in openings if one.cold == cold]
        parts = {key: statistics.median(one.parts[key] for one in own) for key in own[0].parts}
        yield row(
            f"page open to first frame, {name}", statistics.median(one.total for one in own), None, "s",
            note=f"median of {len(own)}: {', '.join(f'{key} {value:.2f}' for key, value in parts.items())}; wrong {sum(one.wrong for one in own)}",
        )  # fmt: skip


PARTS: Final[dict[str, Callable[[Arena, Size, Sheets], Iterator[Row]] | None]] = {
    "seek": measure_seeks, "scrub": measure_scrub, "play": measure_play, "open": None,
}  # fmt: skip


def quantile(seeks: Sequence[Row], at: float, name: str = "painted") -> float:
    """Of the times of some seeks."""
    times = sorted(one[name] for one in seeks)
    return float(times[min(len(times) - 1, round(at * (len(times) - 1)))])


def spread(values: Sequence[float]) -> float | None:
    """The 95th percentile; nothing where nothing was heard."""
    return sorted(values)[round(PERCENT_95 * (len(values) - 1))] if values else None


def by_round(seeks: Seeks) -> str:
    """Medians of the rounds."""
    return " ".join(f"{one:.0f}" for one in seeks.medians)


def wrongs(found: dict[str, Seeks], *names: str) -> str:
    """How many pictures were other frames than those asked for."""
    return f"wrong {' and '.join(str(found[name].wrong) for name in names)}"


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
