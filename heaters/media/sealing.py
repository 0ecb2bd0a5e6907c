"""Makes a finished file safe on disk and takes its fingerprint."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def seal(path: str | Path) -> tuple[int, str]:
    """Flush a file to the disk; its bytes and SHA-256.

    Raises:
        OSError: the disk is full or the file is gone.
    """
    with Path(path).open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest
