"""`python -m heaters` is the command line."""

from __future__ import annotations

from heaters.cli import main

if __name__ == "__main__":
    main()
