from __future__ import annotations

from pathlib import Path

import pytest
from driving import Heaters, make_film


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots of 20 frames each, 25 frames a second, with sound."""
    return make_film(tmp_path_factory.mktemp("films") / "three shots.mp4")


@pytest.fixture
def heaters(tmp_path: Path) -> Heaters:
    """The command line on a fresh workspace."""
    one = Heaters(tmp_path / "ws")
    one.workspace = None
    one("init", tmp_path / "ws")
    one.workspace = tmp_path / "ws"
    return one
