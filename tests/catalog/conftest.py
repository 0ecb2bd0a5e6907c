from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Served
from shows import add_show, new_catalog

from heaters.catalog.direct import DirectCatalog
from heaters.catalog.transports import Catalog


@pytest.fixture(scope="session")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Catalogs to copy: making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("patterns")
    new_catalog(folder / "empty")
    add_show(new_catalog(folder / "show"), 0, 10, 20, 30, 40)
    return {one.name: one for one in folder.iterdir()}


@pytest.fixture
def direct(tmp_path: Path, patterns: dict[str, Path], request: pytest.FixtureRequest) -> DirectCatalog:
    """A catalog, empty unless the test asks for the show too."""
    shutil.copytree(patterns["show" if "show" in request.fixturenames else "empty"], tmp_path / "catalog")
    return DirectCatalog(tmp_path / "catalog")


@pytest.fixture
def catalog(direct: DirectCatalog) -> DirectCatalog:
    """The catalog under test. Files that hold their claims for every transport replace this by `either`."""
    return direct


@pytest.fixture(params=["direct", pytest.param("owner", marks=pytest.mark.long)])
def either(direct: DirectCatalog, request: pytest.FixtureRequest) -> Iterator[DirectCatalog | Catalog]:
    """The same catalog, by one transport after the other."""
    if request.param == "direct":
        yield direct
        return
    with Served(direct.folder) as catalog:
        yield catalog


@pytest.fixture
def show() -> int:
    """Source 1 of the catalog, with clips 1 to 4 of ten frames each."""
    return 1
