"""Run every `benchmarks/bench_*.py`, one after the other, and write their rows into `docs/benchmarks.md`.

Each script takes `--json FILE`, to which it appends one JSON object a line, and `--quick`. A row has `bench`, `row`,
`ours`, `peer`, `ratio`, `target` and `unit`; `note` is shown too, other keys are only kept. `target` is text such as
`ratio <= 1.0` or `ours <= 100`, which this script checks, or any other text, which it only shows.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import platform
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.jsonl"
PAGE = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table begins: written by benchmarks/run_all.py -->", "<!-- table ends -->"
LIBRARIES = ("av", "duckdb", "numpy", "scenedetect-headless", "imageio-ffmpeg")
COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}

Row = dict[str, Any]


def main() -> int:
    """Run what was asked for; 1 if a script failed or left no row."""
    arguments = _arguments()
    scripts = [
        one
        for one in sorted(HERE.glob("bench_*.py"))
        if not arguments.names or one.stem[6:] in arguments.names
    ]
    if not scripts:
        print(
            f"no benchmark has such a name; there are {', '.join(one.stem[6:] for one in sorted(HERE.glob('bench_*.py')))}"
        )
        return 2
    facts = machine_facts()
    failed = []
    for script in scripts:
        print(f"== {script.stem[6:]}", flush=True)
        rows = run_one(script, quick=arguments.quick)
        if not rows:
            failed.append(script.stem[6:])
        elif not arguments.quick:
            keep(script.stem[6:], rows, facts)
    if not arguments.quick:
        write_page(load_results())
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def run_one(script: Path, *, quick: bool) -> list[Row]:
    """Rows of one script; none if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        command = [sys.executable, str(script), "--json", str(file), *(["--quick"] if quick else [])]
        status = subprocess.run(command, check=False).returncode
        if status or not file.is_file():
            print(f"{script.name} ended with status {status}")
            return []
        return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def keep(name: str, rows: list[Row], facts: Row) -> None:
    """Replace the stored rows of one script; rows of the others stay with their own dates and machines."""
    others = [row for row in load_results() if row["script"] != name]
    fresh = [{"script": name, **row, **facts} for row in rows]
    lines = [
        json.dumps(row, ensure_ascii=False)
        for row in sorted([*others, *fresh], key=lambda row: row["script"])
    ]
    RESULTS.write_text("\n".join(lines) + "\n", "utf-8")


def load_results() -> list[Row]:
    """All stored rows."""
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.is_file() else []
    return [json.loads(line) for line in lines]


def machine_facts() -> Row:
    """What the figures depend on."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "date": datetime.now(UTC).date().isoformat(), "cores": cores, "cpu": cpu_model(),
        "system": f"{platform.system()} {platform.machine()}", "versions": versions,
    }  # fmt: skip


def cpu_model() -> str:
    """The processor's name, as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text("utf-8"), re.MULTILINE)
        return named.group(1).strip() if named else platform.machine()
    answer = subprocess.run(
        ["sysctl", "-n", "machdep.cpu.brand_string"], check=False, capture_output=True, text=True
    )
    return answer.stdout.strip() or platform.machine()


def write_page(rows: list[Row]) -> None:
    """Put the tables between the two marks of the page and leave the rest of it alone."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{tables(rows)}\n{END}{after}", "utf-8")


def tables(rows: list[Row]) -> str:
    """One Markdown table for each script."""
    parts = []
    for script in dict.fromkeys(row["script"] for row in rows):
        own = [row for row in rows if row["script"] == script]
        first = own[0]
        versions = ", ".join(f"{name} {number}" for name, number in first["versions"].items())
        parts += [
            f"### {script}", "",
            f"{first['date']} · {first['cores']} cores, {first['cpu']}, {first['system']} · {versions}", "",
            "| row | ours | peer | ratio | target | met | note |", "|---|---:|---:|---:|---|---|---|",
            *(table_row(row) for row in own), "",
        ]  # fmt: skip
    return "\n".join(parts)


def table_row(row: Row) -> str:
    """One line of a table."""
    unit = f" {row['unit']}" if row.get("unit") else ""
    name = row["row"] if row["bench"] == row["script"] else f"{row['bench']}: {row['row']}"
    cells = [
        name, number(row.get("ours"), unit), number(row.get("peer"), unit), number(row.get("ratio"), ""),
        str(row.get("target") or ""), met(row), str(row.get("note") or ""),
    ]  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def number(value: Any, unit: str) -> str:
    """Three significant digits, or the text as it is."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value + unit
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}") + unit


def met(row: Row) -> str:
    """Whether a row keeps its target: `yes`, `no`, or nothing where there is no target that can be checked."""
    target = row.get("target")
    if isinstance(target, int | float):
        target = f"ratio <= {target}"
    parsed = re.fullmatch(
        r"(ours|ratio)?\s*(<=|>=|<|>|≤|≥)\s*([0-9.]+)\s*(?:×|x)?.*", str(target or "").strip()
    )
    if not parsed:
        return ""
    value = row.get(parsed.group(1) or ("ratio" if row.get("ratio") is not None else "ours"))
    sign = {"≤": "<=", "≥": ">="}.get(parsed.group(2), parsed.group(2))
    if not isinstance(value, int | float):
        return ""
    return "yes" if COMPARISONS[sign](value, float(parsed.group(3))) else "**no**"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these, for example `detection`")
    parser.add_argument(
        "--quick", action="store_true", help="small inputs, to see that the scripts work; writes nothing"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
