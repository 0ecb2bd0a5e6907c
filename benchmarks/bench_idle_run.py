"""What `heaters run` costs when there is nothing to do: 100 finished sources, against the import of DuckDB alone."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench_decisions import CLIPS_PER_SOURCE, make_catalog

import heaters
from heaters.catalog.direct import DirectCatalog

SOURCES = 100
TARGET = 2.0


def main() -> None:
    """Measure, print, write the row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heaters-idle-") as folder:
        ws = finished_workspace(Path(folder) / "ws")
        ours, peer, light = [], [], []
        for _ in range(3 if arguments.quick else 15):
            ours.append(timed("-m", "heaters", "run", "--workspace", str(ws)))
            peer.append(timed("-c", "import duckdb"))
            light.append(timed("-c", "import heaters"))
    rows = [
        row("heaters run, 100 finished sources", ours, peer, TARGET),
        row("import heaters", light, peer, 1.0),
    ]
    for one in rows:
        print(
            f"{one['row']:36}{one['ours']:8.0f} ms; import duckdb {one['peer']:.0f} ms; ratio {one['ratio']:.2f}"
        )
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in rows)


def finished_workspace(root: Path) -> Path:
    """A workspace whose sources are ready and verified."""
    heaters.open_workspace(root, create=True)
    catalog = root / "catalog"
    (catalog / "catalog.duckdb").unlink()
    made = make_catalog(root / "made", SOURCES * CLIPS_PER_SOURCE)
    made.file.replace(catalog / "catalog.duckdb")
    with DirectCatalog(catalog)._session() as (connection, _):  # noqa: SLF001 - past the commands, to be quick
        connection.execute("UPDATE source_videos SET verified_at = updated_at, original_filepath = 'o'")
    return root


def timed(*words: str) -> float:
    """Milliseconds of one call of Python; compiled files may be kept, as for any user."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=environment)
    return (time.perf_counter() - began) * 1000


def row(name: str, ours: list[float], peer: list[float], target: float) -> dict[str, object]:
    """One row of the table."""
    return {
        "bench": "idle_run", "row": name, "ours": round(median(ours), 1), "peer": round(median(peer), 1),
        "ratio": round(median(ours) / median(peer), 3), "target": f"ratio <= {target}", "unit": "ms", "note": "peer: import duckdb",
    }  # fmt: skip


if __name__ == "__main__":
    main()
