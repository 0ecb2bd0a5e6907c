"""The catalog: one DuckDB file, one lock file, and commands that each are one transaction."""
