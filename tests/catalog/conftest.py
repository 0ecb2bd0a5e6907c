from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shows import add_show, new_catalog

from heaters.catalog.direct import DirectCatalog


@pytest.fixture(scope="session")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Catalogs to copy: making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("patterns")
    new_catalog(folder / "empty")
    add_show(new_catalog(folder / "show"), 0, 10, 20, 30, 40)
    return {one.name: one for one in folder.iterdir()}


@pytest.fixture
def catalog(tmp_path: Path, patterns: dict[str, Path], request: pytest.FixtureRequest) -> DirectCatalog:
    """A catalog, empty unless the test asks for the show too."""
    shutil.copytree(patterns["show" if "show" in request.fixturenames else "empty"], tmp_path / "catalog")
    return DirectCatalog(tmp_path / "catalog")


@pytest.fixture
def show() -> int:
    """Source 1 of the catalog, with clips 1 to 4 of ten frames each."""
    return 1
