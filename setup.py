"""All that can be said of the package stands in pyproject.toml; this mends one thing of setuptools."""

from __future__ import annotations

from setuptools import Distribution, setup


class WithData(Distribution):
    """Editable installs place data files only if `has_data` says so, which setuptools 84 does not define."""

    def has_data(self) -> bool:
        """Whether there are data files."""
        return bool(self.data_files)


setup(distclass=WithData)
