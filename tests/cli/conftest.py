from __future__ import annotations

from pathlib import Path

import pytest
from driving import Heaters


@pytest.fixture
def fresh(tmp_path: Path) -> Heaters:
    """The command line on a fresh workspace."""
    Heaters()("init", tmp_path / "fresh")
    return Heaters(tmp_path / "fresh")
