from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(FOLDER.glob("bench_*.py"))
FACTS = {
    "date": "2026-01-02",
    "cores": 2,
    "cpu": "a processor",
    "system": "Linux",
    "versions": {"av": "18.1"},
}


@pytest.fixture
def run_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_all", FOLDER / "run_all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "RESULTS", tmp_path / "results.jsonl")
    monkeypatch.setattr(module, "PAGE", tmp_path / "benchmarks.md")
    return module


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"ratio": 0.9, "target": "ratio <= 1.0"}, "yes"),
        ({"ratio": 1.2, "target": "ratio <= 1.0"}, "**no**"),
        ({"ratio": 1.2, "target": "≤ 1.0 ×"}, "**no**"),
        ({"ratio": 0.5, "target": 0.8}, "yes"),
        ({"ours": 120, "target": "ours ≤ 100 ms"}, "**no**"),
        ({"ours": 0.98, "target": ">= 0.97"}, "yes"),
        ({"ours": 3, "target": "above the peer"}, ""),
        ({"ours": 3}, ""),
    ],
)
def test_a_row_says_whether_it_keeps_its_target(
    run_all: ModuleType, row: dict[str, object], word: str
) -> None:
    assert run_all.met(row) == word


def test_a_new_run_replaces_its_own_rows_and_leaves_the_others_and_the_text(run_all: ModuleType) -> None:
    run_all.PAGE.write_text(f"above\n{run_all.BEGIN}\nold\n{run_all.END}\nbelow\n", "utf-8")
    row = {
        "bench": "export",
        "row": "sparse",
        "ours": 2.0,
        "peer": 4.0,
        "ratio": 0.5,
        "target": "ratio <= 0.8",
        "unit": "s",
    }
    run_all.keep("export", [{**row, "row": "gone"}], FACTS)
    run_all.keep(
        "detection", [{**row, "bench": "detection", "row": "F1 a|b", "peer": None, "ratio": None}], FACTS
    )
    run_all.keep("export", [row], {**FACTS, "date": "2026-02-03"})
    run_all.write_page(run_all.load_results())
    page = run_all.PAGE.read_text("utf-8")
    assert page.startswith("above\n")
    assert page.endswith("\nbelow\n")
    assert "| sparse | 2 s | 4 s | 0.5 | ratio <= 0.8 | yes |  |" in page
    assert "| F1 a\\|b | 2 s |  |  | ratio <= 0.8 |  |  |" in page
    assert "2026-01-02" in page
    assert "2026-02-03" in page
    assert "gone" not in page
    assert "old" not in page


def test_a_script_that_fails_gives_no_rows(run_all: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "bench_broken.py"
    script.write_text("import sys; sys.exit(4)")
    assert run_all.run_one(script, quick=True) == []


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_every_benchmark_runs_quickly_and_writes_the_keys_that_the_table_needs(
    script: Path, tmp_path: Path
) -> None:
    pytest.importorskip("imageio_ffmpeg", reason="the peers are installed by make bench")
    file = tmp_path / "rows.jsonl"
    subprocess.run([sys.executable, str(script), "--quick", "--json", str(file)], check=True)
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert rows
    for row in rows:
        assert {"bench", "row", "ours", "peer", "ratio", "target", "unit"} <= set(row)
