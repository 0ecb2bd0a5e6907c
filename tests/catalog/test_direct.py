from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest
from serving import Served
from shows import (
    AnyCatalog,
    add_show,
    add_source,
    clip,
    content,
    decide,
    event_count,
    new_catalog,
    ranges,
    states,
    write,
)

from heaters.catalog.check import check
from heaters.catalog.direct import DirectCatalog
from heaters.catalog.engine import log_of
from heaters.catalog.networks import refuse_network
from heaters.errors import (
    CatalogDamaged,
    CatalogError,
    CatalogLocked,
    CatalogNewer,
    RefusedToStart,
    UsageError,
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("a small file system can't be mounted here: that needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def other_process(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Run Python elsewhere; it prints a line when it is where the test wants it."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline()
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.communicate("\n")


def test_create_makes_a_sound_catalog_once(catalog: DirectCatalog, show: int) -> None:
    before = content(catalog)
    catalog.create()
    assert content(catalog) == before
    assert check(catalog) == []


def test_the_file_can_be_read_by_duckdb_1_5(catalog: DirectCatalog) -> None:
    header = catalog.file.read_bytes()[:64]
    assert header[8:12] == b"DUCK"
    with duckdb.connect(str(catalog.file), read_only=True) as connection:
        tags = connection.execute("SELECT tags FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert tags[0][0]["storage_version"].startswith("v1.5.0")


def test_a_decision_survives_in_the_log_before_it_is_folded_into_the_file(
    catalog: DirectCatalog, show: int
) -> None:
    decide(catalog, "approve", 2)
    assert log_of(catalog.file).stat().st_size > 0
    assert states(DirectCatalog(catalog.folder))[2] == "approved"


def test_the_log_is_folded_in_before_it_grows(catalog: DirectCatalog, show: int) -> None:
    sizes = []
    for _ in range(20):
        decide(catalog, "approve", 2)
        sizes.append(log_of(catalog.file).stat().st_size if log_of(catalog.file).exists() else 0)
    assert max(sizes) < 20_000
    assert min(sizes) == 0


@pytest.mark.parametrize("length", [0, 100, 4096, 12288, 20000, 262144])
def test_a_truncated_file_is_refused_in_words(catalog: DirectCatalog, show: int, length: int) -> None:
    with catalog.file.open("r+b") as file:
        file.truncate(length)
    with pytest.raises(CatalogDamaged, match=r"catalog\.duckdb.*heaters catalog restore"):
        [decide(catalog, "approve", number) for number in (1, 2, 3)]


def test_garbage_is_refused_in_words(catalog: DirectCatalog) -> None:
    catalog.file.write_bytes(os.urandom(100_000))
    with pytest.raises(CatalogDamaged, match="no readable catalog: restore the last snapshot"):
        catalog.rows("SELECT 1")


def test_a_torn_log_loses_at_most_what_was_never_acknowledged(catalog: DirectCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    complete = log_of(catalog.file).stat().st_size
    decide(catalog, "approve", 2)
    with log_of(catalog.file).open("r+b") as file:
        file.truncate(complete + 40)

    assert states(catalog) == {1: "approved", 2: "pending", 3: "pending", 4: "pending"}
    decide(catalog, "approve", 3)
    assert states(catalog)[3] == "approved"
    assert check(catalog) == []


def test_a_missing_file_is_said_so_and_never_made_anew_beside_its_log(
    catalog: DirectCatalog, show: int
) -> None:
    decide(catalog, "approve", 1)
    catalog.file.unlink()
    with pytest.raises(CatalogDamaged, match="is missing"):
        catalog.rows("SELECT 1")
    with pytest.raises(CatalogDamaged, match="its log is there"):
        catalog.create()


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    catalog = DirectCatalog(tmp_path)
    with duckdb.connect(str(catalog.file)) as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")
    with pytest.raises(CatalogDamaged, match="no catalog of heaters"):
        add_source(catalog)
    with duckdb.connect(str(catalog.file)) as connection:
        connection.execute("CREATE TABLE meta (a INTEGER)")
    with pytest.raises(CatalogDamaged, match="no catalog of heaters"):
        add_source(catalog)


def test_a_newer_schema_is_refused_in_words_also_by_one_who_has_it_open(
    catalog: DirectCatalog, show: int
) -> None:
    decide(catalog, "approve", 1)
    write(catalog, "UPDATE meta SET value = '3' WHERE key = 'schema_version'")
    for attempt in (
        lambda: decide(catalog, "approve", 2),
        lambda: catalog.rows("SELECT 1"),
        lambda: catalog.query("SELECT 1"),
    ):
        with pytest.raises(CatalogNewer, match="schema 3, this heaters knows 2: upgrade heaters"):
            attempt()


def test_unknown_columns_and_tables_do_not_matter(catalog: DirectCatalog, show: int) -> None:
    write(catalog, "ALTER TABLE clips ADD COLUMN mood VARCHAR", "CREATE TABLE extra (a INTEGER)")
    decide(catalog, "split", 2, frame=15)
    assert ranges(catalog) == [(0, 10), (10, 15), (15, 20), (20, 30), (30, 40)]


def test_a_folder_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RefusedToStart, match=r"nowhere: the folder is missing"):
        DirectCatalog(tmp_path / "nowhere").create()


def test_a_read_only_folder_is_refused_in_words(small_disk: Path) -> None:
    catalog = new_catalog(small_disk / "catalog")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for attempt in (lambda: add_source(catalog), lambda: catalog.rows("SELECT 1"), catalog.create):
        with pytest.raises(RefusedToStart, match=r"Read-only file system.*make the folder writable"):
            attempt()


@pytest.mark.parametrize("transport", ["direct", "owner"])
def test_a_full_disk_loses_nothing_and_is_said_in_words(small_disk: Path, transport: str) -> None:
    direct = new_catalog(small_disk / "catalog")
    add_show(direct, *range(0, 210, 10))
    with Served(direct.folder) if transport == "owner" else nullcontext(direct) as catalog:
        fill_and_free(small_disk, catalog)
        assert check(catalog) == []
    assert check(direct) == []


def fill_and_free(small_disk: Path, catalog: AnyCatalog) -> None:
    filler, acknowledged, refused = small_disk / "filler", [], 0
    with filler.open("wb") as file:
        while shutil.disk_usage(small_disk).free > 64_000:
            file.write(bytes(4096))
            file.flush()
    for number in range(1, 21):
        try:
            decide(catalog, "annotate", number, values={"note": "n" * 3000}, op_id=f"op-{number}")
        except CatalogError as error:
            assert "nothing was changed, free some space" in error.message  # noqa: PT017
            refused += 1
        else:
            acknowledged.append(f"op-{number}")
    assert refused
    assert acknowledged

    filler.unlink()
    for number in range(1, 21):
        decide(catalog, "annotate", number, values={"note": "n" * 3000}, op_id=f"op-{number}")
    logged = [
        row["op_id"]
        for row in catalog.rows("SELECT op_id FROM clip_events WHERE action = 'annotate' ORDER BY seq")
    ]
    assert sorted(logged) == sorted(f"op-{number}" for number in range(1, 21))
    assert set(acknowledged) <= set(logged)


def test_network_file_systems_are_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"none / ext4 rw 0 0\nhost:/x {tmp_path / 'far'} nfs4 rw 0 0\nhost:/y {tmp_path}/my\\040far cifs rw 0 0\n"
    )
    refuse_network(tmp_path / "farther", mounts)
    refuse_network(tmp_path, tmp_path / "no-such-list")
    for name in ("far/catalog", "far", "my far/catalog"):
        with pytest.raises(RefusedToStart, match="network file system"):
            refuse_network(tmp_path / name, mounts)


def test_who_waits_too_long_for_another_process_is_told_what_holds_it(
    catalog: DirectCatalog, show: int
) -> None:
    code = (
        "import sys; from pathlib import Path; from heaters.catalog.direct import DirectCatalog\n"
        "with DirectCatalog(Path(sys.argv[1])).reading(): print('in', flush=True); input()"
    )
    child = other_process(code, catalog.folder)
    try:
        with pytest.raises(CatalogLocked, match=r"held .*catalog\.lock for 0\.2 s.*lock_seconds"):
            DirectCatalog(catalog.folder, lock_seconds=0.2).rows("SELECT 1")
    finally:
        end(child)
    assert catalog.rows("SELECT 1 AS a") == [{"a": 1}]


def test_who_waits_first_and_is_stopped_keeps_nobody_else_from_the_catalog(
    catalog: DirectCatalog, show: int
) -> None:
    reading = (
        "import sys; from pathlib import Path; from heaters.catalog.direct import DirectCatalog\n"
        "with DirectCatalog(Path(sys.argv[1])).reading(): print('in', flush=True); input()"
    )
    waiting = (
        "import sys; from pathlib import Path; from heaters.catalog.direct import DirectCatalog\n"
        "print('in', flush=True); DirectCatalog(Path(sys.argv[1])).rows('SELECT 1'); input()"
    )
    reader, first = other_process(reading, catalog.folder), other_process(waiting, catalog.folder)
    line = catalog.folder / "catalog.line"
    while not is_locked(line):
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)
    end(reader)
    try:
        decide(catalog, "approve", 1)
        assert is_locked(line)
    finally:
        first.send_signal(signal.SIGCONT)
        end(first)


def is_locked(file: Path) -> bool:
    if not file.exists():
        return False
    with file.open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_program_that_knows_no_lock_file_is_named(catalog: DirectCatalog, show: int) -> None:
    code = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('in', flush=True); input()"
    child = other_process(code, catalog.file)
    try:
        with pytest.raises(CatalogLocked, match="another program has"):
            decide(catalog, "approve", 1)
    finally:
        end(child)
    decide(catalog, "approve", 1)


def test_threads_share_a_catalog(catalog: DirectCatalog) -> None:
    add_show(catalog, *range(0, 410, 10))
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 10):
                decide(catalog, "approve", number, reviewer=f"r{first}")
                assert clip(catalog, number)["reviewer"] == f"r{first}"
        except BaseException as error:  # noqa: BLE001 - looked at below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (1, 11, 21, 31)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert failures == []
    assert set(states(catalog).values()) == {"approved"}
    assert check(catalog) == []


def test_a_forked_child_goes_on_with_a_catalog_of_its_own(catalog: DirectCatalog, show: int) -> None:
    decide(catalog, "approve", 1)
    entered, leave = threading.Event(), threading.Event()

    def read() -> None:
        with catalog.reading():
            entered.set()
            leave.wait()

    reader = threading.Thread(target=read)
    reader.start()
    entered.wait()
    threading.Timer(0.3, leave.set).start()
    child = os.fork()
    if child == 0:
        try:
            decide(catalog, "approve", 2)
        finally:
            os._exit(0 if states(catalog)[2] == "approved" else 1)
    assert leave.is_set(), "the fork waits until no thread has the file open"
    reader.join()
    assert os.waitpid(child, 0)[1] == 0
    decide(catalog, "approve", 3)
    assert states(catalog) == {1: "approved", 2: "approved", 3: "approved", 4: "pending"}


def test_reading_inside_of_reading_sees_the_same_state_and_commands_are_refused(
    catalog: DirectCatalog, show: int
) -> None:
    with catalog.reading() as connection:
        assert catalog.rows("SELECT count(*) AS n FROM clips") == [{"n": 4}]
        assert catalog.query("SELECT count(*) FROM clips").fetchall() == [(4,)]
        with pytest.raises(UsageError, match="while this thread reads it"):
            decide(catalog, "approve", 1)
        assert connection.execute("SELECT count(*) FROM clips").fetchall() == [(4,)]
    decide(catalog, "approve", 1)


def test_ctrl_c_is_put_off_until_a_command_is_complete(catalog: DirectCatalog, show: int) -> None:
    for delay in (0.001, 0.01, 0.03, 0.05, 0.08):
        before = event_count(catalog)
        timer = threading.Timer(delay, os.kill, [os.getpid(), signal.SIGINT])
        acknowledged = 0
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - somewhere in here
            timer.start()
            while True:
                decide(catalog, "approve", 1)
                acknowledged += 1
        timer.join()
        assert event_count(catalog) - before in {acknowledged, acknowledged + 1}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert check(catalog) == []


def test_ctrl_c_ends_the_wait_for_the_lock_at_once(catalog: DirectCatalog, show: int) -> None:
    code = (
        "import sys; from pathlib import Path; from heaters.catalog.direct import DirectCatalog\n"
        "with DirectCatalog(Path(sys.argv[1])).reading(): print('in', flush=True); input()"
    )
    child = other_process(code, catalog.folder)
    timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
    began = time.monotonic()
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            decide(catalog, "approve", 1)
    finally:
        end(child)
    assert time.monotonic() - began < 10
    assert states(catalog)[1] == "pending"


COPYING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from shows import decide
from heaters.catalog.direct import DirectCatalog
catalog = DirectCatalog(Path(sys.argv[1]))
print("in", flush=True)
while True:
    decide(catalog, "approve", 1)
    decide(catalog, "skip", 2)
"""


def test_a_copy_taken_while_others_write_is_sound_or_refused(
    catalog: DirectCatalog, show: int, tmp_path: Path
) -> None:
    child = other_process(COPYING, catalog.folder, Path(__file__).parent)
    outcomes = []
    try:
        for number in range(12):
            copy = DirectCatalog(tmp_path / f"copy-{number}")
            copy.folder.mkdir()
            shutil.copy(catalog.file, copy.folder)
            if log_of(catalog.file).exists():
                shutil.copy(log_of(catalog.file), copy.folder)
            try:
                outcomes.append(check(copy))
            except CatalogDamaged as error:
                assert "heaters catalog restore" in error.message  # noqa: PT017
    finally:
        child.kill()
        child.communicate()
    assert outcomes
    assert not any(outcomes)
    assert check(catalog) == []
