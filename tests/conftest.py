from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_NAMED = os.environ.pop("HEATERS_TEST_MEDIA", None)
SHARED_MEDIA = Path(_NAMED) if _NAMED else Path(__file__).resolve().parents[2] / "shared" / "media"
MANIFEST = (
    {row["name"]: row for row in json.loads((SHARED_MEDIA / "MANIFEST.json").read_text("utf-8"))["files"]}
    if (SHARED_MEDIA / "MANIFEST.json").is_file()
    else {}
)


@pytest.fixture(scope="session")
def shared_media() -> Path:
    if not MANIFEST:
        pytest.skip(f"the shared test footage is not at {SHARED_MEDIA}")
    return SHARED_MEDIA


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches a test."""
    for name in [*os.environ]:
        if name.startswith("HEATERS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
