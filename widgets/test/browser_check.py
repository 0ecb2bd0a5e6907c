"""Drives the player core in a real Chromium against the sample show, and prints what it saw and measured as JSON.

    python widgets/test/browser_check.py [--seeks N] [--seconds S] [--only NAME]...

It exits with 1 where a check fails. Needs node (for the bundle), Chromium and Playwright.
"""
# ruff: noqa: D101, D102 - a script run by hand; its literals are its claims

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright
from range_server import Film, Server

WIDGETS = Path(__file__).resolve().parents[1]
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=document-user-activation-required", "--host-resolver-rules=MAP player.test 127.0.0.1",
)  # fmt: skip
EXPECTED = ("Failed to load resource", "willReadFrequently")
"""What Chromium says of servers that fail on purpose, and of reading the canvas."""
KINDS = {True: "webcodecs", False: "video"}


def bundle() -> bytes:
    code = "import { bundle } from './build.mjs'; process.stdout.write(await bundle('test/harness.ts'))"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], cwd=WIDGETS, capture_output=True, check=True
    )
    return done.stdout


class Check:
    def __init__(self, page: Page, server: Server, seeks: int) -> None:
        self.page, self.server, self.seeks = page, server, seeks
        self.random = random.Random(3)
        self.frames = server.film.facts["frames"]

    def js(self, code: str, value: Any = None) -> Any:
        late = "new Promise((_, no) => setTimeout(() => no(new Error('took 30 s')), 30_000))"
        work = f"(async () => {{ const h = window.harness; {code} }})()"
        return self.page.evaluate(f"(value) => Promise.race([{work}, {late}])", value)

    def open(self, *, webcodecs: bool, change: str = "{}", frame: int = 0) -> None:
        self.page.goto(self.server.url)
        self.page.wait_for_function("window.harness")
        self.js(f"return h.open({str(webcodecs).lower()}, {change}, {frame})")
        self.page.wait_for_function(
            f"window.harness.painted.some((one) => one.told === {frame})", timeout=20_000
        )

    def wanted(self, count: int) -> list[int]:
        edges = [0, 1, self.frames - 1, self.frames - 2]
        return [*edges, *(self.random.randrange(self.frames) for _ in range(count - len(edges)))]

    def seeks_are_right(self, *, webcodecs: bool) -> dict[str, Any]:
        self.open(webcodecs=webcodecs)
        wrong = []
        for frame in self.wanted(self.seeks):
            came = self.js("return h.seek(value)", frame)
            if not (came["done"] and came["told"] == came["read"] == frame):
                wrong.append((frame, came))
        return {"ok": not wrong, "wrong": wrong, "of": self.seeks, "chosen": self.js("return h.chosen")}

    def one_request_a_seek(self) -> dict[str, Any]:
        self.open(webcodecs=True, frame=10)
        self.page.wait_for_timeout(200)
        bad = []
        for frame in [200, 90, 400, 31, 601, 333]:
            self.server.ranges.clear()
            self.js("return h.seek(value)", frame)
            self.page.wait_for_timeout(100)
            row = self.server.film.columns
            start = int(row["offset"][frame])
            if self.server.ranges != [(start, start + int(row["size"][frame]))]:
                bad.append((frame, list(self.server.ranges)))
        return {"ok": not bad, "bad": bad}

    def newest_wins(self, *, webcodecs: bool) -> dict[str, Any]:
        self.open(webcodecs=webcodecs)
        code = "return Promise.all(Array.from({length: 40}, (_, at) => h.screen.player.seek(at * 7 + 3)))"
        outcomes = self.js(code)
        told = self.js("return h.painted.map((one) => [one.told, one.read])")
        ok = outcomes[-1] and outcomes.count(True) <= 3 and told[-1] == [39 * 7 + 3] * 2
        return {"ok": ok, "outcomes": outcomes.count(True), "last": told[-1]}

    def plays_the_range(self, *, webcodecs: bool, speed: float = 1, seconds: float = 6) -> dict[str, Any]:
        self.open(webcodecs=webcodecs, frame=100)
        self.page.mouse.click(5, 5)
        self.js("h.painted.length = 0; h.screen.player.play({start: 100, end: 160}, value)", speed)
        self.page.wait_for_timeout(seconds * 1000)
        dropped, fps = self.js("return [h.screen.player.dropped, h.screen.player.fpsShown]")
        self.js("h.screen.player.pause()")
        at = self.js("return h.screen.player.frame")
        painted = self.js("return h.painted")
        self.page.wait_for_timeout(300)
        outside = [one for one in painted if not (100 <= one["read"] < 160 and one["read"] == one["told"])]
        last = max((one["told"] for one in painted), default=-1)
        still = self.js("return h.screen.player.frame") == at == painted[-1]["told"]
        drift = [abs(one["sound"] - one["told"] / 25) * 1000 for one in painted if one["sound"] is not None]
        laps = sum(b["told"] < a["told"] for a, b in pairwise(painted))
        due = seconds * 25 * speed
        return {
            "ok": not outside and still and last == 159 and laps >= 1, "outside": outside[:3], "painted": len(painted),
            "due": due, "dropped": dropped, "fps": fps, "laps": laps, "with_sound": len(drift),
            "p95_from_sound_ms": round(sorted(drift)[int(0.95 * len(drift))], 1) if drift else None,
        }  # fmt: skip

    def heals(self, *, webcodecs: bool) -> dict[str, Any]:
        self.open(webcodecs=webcodecs, frame=5)
        self.server.stop()
        began = time.perf_counter()
        self.js("h.states.length = 0; h.late = h.screen.player.seek(700); return 0")
        self.page.wait_for_function(
            "window.harness.states.some((one) => one.state === 'lost')", timeout=8_000
        )
        told = time.perf_counter() - began
        self.page.wait_for_timeout(2_000)
        self.server.start()
        done = self.js("return h.late")
        came = self.js("return [h.screen.player.frame, h.states.at(-1).state]")
        healed = time.perf_counter() - began
        ok = told < 3 and done and came == [700, "ready"]
        return {"ok": ok, "told_s": round(told, 2), "healed_s": round(healed, 2), "came": came}

    def heals_while_playing(self, *, webcodecs: bool) -> dict[str, Any]:
        self.server.trickles = True
        self.open(webcodecs=webcodecs, frame=100)
        self.page.mouse.click(5, 5)
        self.js("h.screen.player.play({start: 100, end: 700}, 1)")
        self.page.wait_for_timeout(1_500)
        self.server.stop()
        self.page.wait_for_function("window.harness.states.at(-1).state === 'lost'", timeout=25_000)
        self.page.wait_for_timeout(2_500)
        stood = self.js("h.painted.length = 0; return h.screen.player.frame")
        self.server.trickles = False
        self.server.start()
        self.page.wait_for_function("window.harness.painted.length > 5", timeout=20_000)
        on = self.js(
            "return [h.painted[0].told, h.painted[0].read, h.states.at(-1).state, h.screen.player.playing]"
        )
        ok = on[0] == on[1] and 0 <= on[0] - stood <= 40 and on[2:] == ["ready", True]
        return {"ok": ok, "stood": stood, "went_on": on}

    def banner_goes_without_reads(self) -> dict[str, Any]:
        self.open(webcodecs=True, frame=100)
        self.server.stop()
        self.js("h.screen.player.play({start: 300, end: 600}, 1)")
        self.page.wait_for_function("window.harness.states.at(-1).state === 'lost'", timeout=5_000)
        self.js("h.screen.player.pause()")
        self.server.start()
        self.page.wait_for_function("window.harness.states.at(-1).state === 'ready'", timeout=8_000)
        return {"ok": True}

    def plays_muted_before_a_click(self, *, webcodecs: bool) -> dict[str, Any]:
        self.page.goto("about:blank")
        self.page.goto(f"{self.server.url}#play-{KINDS[webcodecs]}")
        self.page.wait_for_timeout(3_500)
        painted, refusals = self.js("return [h.painted.map((one) => one.told), h.refusals]")
        ok = refusals == 1 and len(painted) > 5 and set(painted) <= set(range(100, 120))
        return {"ok": ok, "painted": len(painted), "refusals": refusals}

    def a_taken_decoder_comes_back(self) -> dict[str, Any]:
        self.page.add_init_script(
            "window.decoders = []; const D = window.VideoDecoder; if (D) window.VideoDecoder = new Proxy(D, "
            "{ construct(made, args) { const one = new made(...args); decoders.push(one); return one; } });"
        )
        self.open(webcodecs=True)
        junk = "decoders.at(-1).decode(new EncodedVideoChunk({type: 'key', timestamp: 1e9, data: new Uint8Array(99)}));"
        came = [
            self.js(f"{junk} return h.seek(222)")["read"],
            self.js("decoders.at(-1).close(); return h.seek(223)")["read"],
            self.js("const late = h.seek(400); decoders.at(-1).close(); return late")["read"],
            self.js(f"await h.seek(10); const late = h.seek(401); {junk} return late")["read"],
        ]
        self.js("h.again()")
        states = self.js("return decoders.map((one) => one.state)")
        return {
            "ok": came == [222, 223, 400, 401] and set(states) == {"closed"},
            "came": came,
            "decoders": len(states),
        }

    def insecure_pages_say_so(self) -> dict[str, Any]:
        self.page.goto(f"http://player.test:{self.server.port}/")
        self.page.wait_for_function("window.harness")
        self.js("return h.open(true)")
        self.page.wait_for_function("window.harness.chosen.length")
        came, chosen = self.js("return h.seek(321)"), self.js("return h.chosen[0]")
        return {
            "ok": came["read"] == 321 and chosen.startswith("video") and "https" in chosen,
            "chosen": chosen,
        }

    def plays_on(self, *, webcodecs: bool, seconds: float = 25) -> dict[str, Any]:
        self.open(webcodecs=webcodecs)
        self.page.mouse.click(5, 5)
        self.js(
            "h.reading = false; h.painted.length = 0; h.screen.player.play({start: 0, end: value}, 1)",
            self.frames,
        )
        self.page.wait_for_timeout(seconds * 1000)
        dropped, painted = self.js("return [h.screen.player.dropped, h.painted]")
        drift = sorted(
            abs(one["sound"] - one["told"] / 25) * 1000 for one in painted if one["sound"] is not None
        )
        p95 = round(drift[int(0.95 * len(drift))], 1) if drift else None
        share = round(dropped / max(1, dropped + len(painted)), 4)
        return {
            "ok": len(painted) > seconds,
            "painted": len(painted),
            "dropped": dropped,
            "share": share,
            "p95_ms": p95,
        }

    def bad_answers_move_on(self) -> dict[str, Any]:
        seen = {}
        for fault in ("whole", "login", "gone"):
            self.server.fault = fault
            self.open(webcodecs=True)
            self.page.wait_for_function("window.harness.chosen.length")
            came = self.js("return h.seek(77)")
            seen[fault] = [came["read"], self.js("return h.chosen[0].split(' | ')[2]")]
        self.server.fault = ""
        return {"ok": all(one == [77, "kernel"] for one in seen.values()), "seen": seen}

    def damage_is_told(self) -> dict[str, Any]:
        seen = {}
        for fault in ("flipped", "short"):
            self.open(webcodecs=True)
            self.server.fault = fault
            came = self.js("return h.seek(500)")
            state = self.js("return h.states.at(-1)")
            self.server.fault = ""
            after = self.js("return h.seek(500)")
            ok = not came["done"] and state["state"] == "failed" and after["read"] == 500
            seen[fault] = [ok, state["message"], self.js("return h.states.at(-1).state")]
        return {"ok": all(one[0] for one in seen.values()), "seen": seen}

    def over_the_kernel(self, *, webcodecs: bool) -> dict[str, Any]:
        self.open(webcodecs=webcodecs, change="{paths: null}")
        self.page.mouse.click(5, 5)
        reads = [self.js("return h.seek(value)", frame)["read"] for frame in (3, 300, 749)]
        self.js("h.painted.length = 0; h.screen.player.play({start: 40, end: 60}, 1)")
        self.page.wait_for_timeout(2_000)
        painted = self.js("return h.painted.map((one) => one.read)")
        sound = self.js("return h.audio ? h.audio.src.slice(0, 5) : ''")
        ok = reads == [3, 300, 749] and len(painted) > 5 and all(40 <= one < 60 for one in painted)
        return {"ok": ok, "reads": reads, "painted": len(painted), "sound": sound}

    def rows_come_as_needed(self) -> dict[str, Any]:
        self.open(webcodecs=True, change="{rows_first: 0, rows_end: 50}")
        reads = [self.js("return h.seek(value)", frame)["read"] for frame in (3, 300, 749)]
        return {"ok": reads == [3, 300, 749], "reads": reads}

    def thumbnails(self, *, webcodecs: bool) -> dict[str, Any]:
        self.open(webcodecs=webcodecs)
        sizes = self.js(
            "return Promise.all([h.screen.pictures.picture(5, 160)]).then(async ([a]) => "
            "{ const b = await h.screen.pictures.picture(600, 160); return [a, b].map((c) => c && [c.width, c.height]); })"
        )
        return {"ok": sizes == [[160, 90]] * 2, "sizes": sizes}

    def leaves_nothing(self, *, webcodecs: bool) -> dict[str, Any]:
        self.open(webcodecs=webcodecs)
        session = self.page.context.new_cdp_session(self.page)
        heaps = []
        for turn in range(24):
            self.js("h.again(); return h.open(value[0], {}, value[1])", [webcodecs, 20 * turn])
            self.js("return h.seek(value)", 20 * turn + 4)
            self.js("h.screen.player.play({start: value, end: value + 5}, 1)", 20 * turn)
            self.page.wait_for_timeout(120)
            if turn in {7, 23}:
                session.send("HeapProfiler.collectGarbage")
                heaps.append(self.js("return performance.memory.usedJSHeapSize") / 2**20)
        elements = self.js("return document.querySelectorAll('video, audio').length")
        came = self.js("return h.seek(123)")["read"]
        ok = came == 123 and elements <= 1 and heaps[1] - heaps[0] < 25
        return {"ok": ok, "heap_mb": [round(heap, 1) for heap in heaps], "elements": elements}

    def speed(self) -> dict[str, Any]:
        found: dict[str, Any] = {"ok": True}
        frames = self.wanted(80)[4:]
        for webcodecs, kind in KINDS.items():
            self.open(webcodecs=webcodecs)
            self.js("h.reading = false; return h.times([700, 5, 600])")
            for name in ("cold", "again"):
                if name == "cold":
                    self.js("h.forget()")
                took = self.js("return h.times(value)", frames)
                found[f"{kind}_{name}_p50_ms"] = round(median(took), 2)
                found[f"{kind}_{name}_p95_ms"] = round(sorted(took)[int(0.95 * len(took))], 2)
        self.open(webcodecs=True)
        self.js("h.reading = false; h.forget()")
        took = self.js("return h.times(value)", list(range(100, 340)))
        found["scrub_fps"] = round(1000 * len(took) / sum(took), 1)
        found["ours_by_video"] = round(found["webcodecs_cold_p50_ms"] / found["video_cold_p50_ms"], 3)
        found["cached_by_cold"] = round(found["webcodecs_again_p50_ms"] / found["webcodecs_cold_p50_ms"], 3)
        return found


def checks(check: Check) -> dict[str, Any]:
    each = {
        f"{name}, {kind}": lambda name=name, webcodecs=webcodecs: getattr(check, name)(webcodecs=webcodecs)
        for name in (
            "seeks_are_right", "newest_wins", "plays_the_range", "heals", "over_the_kernel", "thumbnails", "leaves_nothing",
            "heals_while_playing", "plays_muted_before_a_click", "plays_on",
        )
        for webcodecs, kind in KINDS.items()
    }  # fmt: skip
    return {
        **each, "plays at 4x": lambda: check.plays_the_range(webcodecs=True, speed=4, seconds=3),
        "one_request_a_seek": check.one_request_a_seek, "bad_answers_move_on": check.bad_answers_move_on,
        "damage_is_told": check.damage_is_told, "rows_come_as_needed": check.rows_come_as_needed,
        "banner_goes_without_reads": check.banner_goes_without_reads, "insecure_pages_say_so": check.insecure_pages_say_so,
        "a_taken_decoder_comes_back": check.a_taken_decoder_comes_back, "speed": check.speed,
    }  # fmt: skip


def run(args: argparse.Namespace, folder: Path) -> int:
    server = Server(Film.make(folder, args.seconds), bundle())
    server.start()
    failed = 0
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser,
    ):
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
        for name, one in checks(Check(page, server, args.seeks)).items():
            if args.only and not any(word in name for word in args.only):
                continue
            try:
                seen = one()
            except Exception as error:  # noqa: BLE001 - the other checks run
                seen = {"ok": False, "error": str(error)[:600]}
                server.stop()
                server.start()
            seen["said"] = [
                text for text in dict.fromkeys(said) if not any(word in text for word in EXPECTED)
            ]
            said.clear()
            seen["ok"] = seen["ok"] and not seen["said"]
            failed += not seen["ok"]
            print(json.dumps({"check": name, **seen}), flush=True)
    server.stop()
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeks", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--folder", type=Path, help="where the film is kept between runs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return run(args, args.folder or Path(folder))


if __name__ == "__main__":
    sys.exit(main())
