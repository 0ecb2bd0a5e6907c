"""Long calls in a real kernel: they show how far they are, and end within a moment when the kernel is interrupted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.manager import KernelManager

    from heaters import Workspace

pytestmark = pytest.mark.long


class Kernel:
    """A kernel that is asked to do things, as a notebook asks."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self._client = manager, client

    def begin(self, code: str) -> str:
        """Send a cell; returns its id."""
        return str(self._client.execute(code))

    def wait_for(self, text: str) -> None:
        """Until an output says so."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                message = self._client.get_iopub_msg(timeout=1)
            except Empty:
                continue
            if text in str(message["content"]):
                return
        raise AssertionError(f"nothing said {text!r}")

    def reply(self, cell: str) -> Any:
        """How a cell ended."""
        while (answer := self._client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != cell:
            pass
        return answer["content"]

    @property
    def workers(self) -> list[psutil.Process]:
        """Processes below the kernel that do work."""
        children = psutil.Process(self.manager.provisioner.pid).children(recursive=True)  # type: ignore[union-attr]
        return [one for one in children if "spawn_main" in " ".join(one.cmdline())]


@pytest.fixture
def kernel(empty: Workspace, film: Path) -> Iterator[Kernel]:
    empty.ingest(film)
    manager, client = start_new_kernel()
    one = Kernel(manager, client)
    assert (
        one.reply(one.begin(f"import heaters\nws = heaters.open_workspace({str(empty.root)!r})"))["status"]
        == "ok"
    )
    yield one
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("call", "raised"),
    [("ws.run()", "Interrupted"), ("await heaters.in_background(ws.run)", "CancelledError")],
)
def test_an_interrupt_ends_the_work_and_leaves_a_kernel_that_goes_on(
    kernel: Kernel, call: str, raised: str, empty: Workspace
) -> None:
    cell = kernel.begin(call)
    kernel.wait_for("prepare")
    kernel.manager.interrupt_kernel()
    assert kernel.reply(cell)["ename"] == raised
    while empty.sql("SELECT state FROM runs").fetchall() == [("running",)]:
        time.sleep(0.1)
    assert empty.sql("SELECT state FROM runs").fetchall() == [("interrupted",)]
    psutil.wait_procs(kernel.workers, timeout=5)
    assert [one.cmdline() for one in kernel.workers] == []
    assert kernel.reply(kernel.begin("report = ws.run(); assert not report.failed"))["status"] == "ok"


def test_a_kernel_answers_while_a_job_goes_on_and_its_lines_stay_with_the_cell_that_began_it(
    kernel: Kernel,
) -> None:
    began = kernel.begin("job = heaters.in_background(ws.run)")
    assert kernel.reply(began)["status"] == "ok"
    assert kernel.reply(kernel.begin("assert not job.done; ws.sources()"))["status"] == "ok"
    assert kernel.reply(kernel.begin("report = await job; assert len(report.done) == 3"))["status"] == "ok"
    assert kernel.reply(kernel.begin("job"))["status"] == "ok"
    kernel.wait_for("<run: done, after")
