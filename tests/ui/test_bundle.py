"""The committed bundle is made of the committed source."""

from __future__ import annotations

import hashlib
from pathlib import Path

from heaters.ui.player import BUNDLE

WIDGETS = Path(__file__).resolve().parents[2] / "widgets"


def source_hash() -> str:
    """As `widgets/build.mjs` says: path, NUL, bytes, NUL of every source file in order, then of the lock file."""
    paths = sorted(
        (one.relative_to(WIDGETS).as_posix() for one in (WIDGETS / "src").rglob("*") if one.is_file()),
        key=str.encode,
    )
    digest = hashlib.sha256()
    for path in [*paths, "package-lock.json"]:
        digest.update(path.encode() + b"\0" + (WIDGETS / path).read_bytes() + b"\0")
    return digest.hexdigest()


def test_the_bundle_carries_the_hash_of_its_source() -> None:
    first = BUNDLE.read_text("utf-8").splitlines()[0]
    assert first == f"// heaters widgets {source_hash()}", (
        "run `make widgets` and commit heaters/ui/static/player.js"
    )


def test_the_bundle_loads_nothing_from_elsewhere() -> None:
    text = BUNDLE.read_text("utf-8")
    assert "https://" not in text
    assert "http://www.w3.org/2000/svg" in text
    assert text.count("http://") == 1
    assert "import(" not in text


def test_the_lock_file_names_no_host() -> None:
    assert "resolved" not in (WIDGETS / "package-lock.json").read_text("utf-8")
