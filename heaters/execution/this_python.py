"""Which Python the kernels run that heaters starts itself."""

from __future__ import annotations

from typing import Any

from jupyter_client.kernelspec import KernelSpecManager


class ThisPython(KernelSpecManager):
    """Kernels of the Python that runs this, also where the user has a kernel of another one by the name of python3."""

    def _kernel_dirs_default(self) -> list[str]:
        return []

    def get_kernel_spec(self, kernel_name: str) -> Any:
        """The only one there is, without the warning that ipykernel 7 gives at every start."""
        spec = super().get_kernel_spec(kernel_name)
        spec.argv = [*spec.argv, "--log-level=ERROR"]
        return spec
