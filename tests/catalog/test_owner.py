"""The owner: one process that serves the catalog, how it comes and goes, and whom it lets in."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from serving import SERVE, Owner, Served, answers, until
from shows import decide, event_count, states

from heaters.catalog.check import check
from heaters.catalog.direct import DirectCatalog
from heaters.catalog.engine import log_of
from heaters.catalog.files import OWNER_FILE, OWNER_LOG
from heaters.catalog.launch import launch_owner
from heaters.catalog.remote import HOME, Links
from heaters.catalog.snapshot import restore
from heaters.catalog.transports import Catalog
from heaters.errors import CatalogError, CatalogLocked, CatalogNewer, UsageError


@pytest.fixture
def folder(catalog: DirectCatalog, show: int) -> Path:
    """Where a catalog lies that has clips 1 to 4."""
    return catalog.folder


@pytest.fixture
def owner(folder: Path) -> Iterator[Owner]:
    with Owner(folder) as running:
        yield running


def alone(code: str, *words: object, **popen: object) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False, timeout=60, **popen,
    )  # fmt: skip


def test_its_file_says_where_it_is_to_its_user_alone_and_goes_with_it(folder: Path, owner: Owner) -> None:
    file = folder / OWNER_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    note = json.loads(file.read_text("utf-8"))
    assert note["pid"] == owner.process.pid
    assert note["token"] not in owner.first_words
    Links(folder, 10).drain()
    assert "it was asked to leave" in owner.end()
    assert owner.process.returncode == 0
    assert not file.exists()


def test_others_need_not_wait_for_the_lock_that_it_holds(folder: Path, owner: Owner) -> None:
    catalog = Catalog(folder, lock_seconds=5)
    assert decide(catalog, "approve", 1)["next"]["id"] == 2
    assert states(Catalog(folder))[1] == "approved"
    catalog.create()
    with pytest.raises(CatalogLocked):
        DirectCatalog(folder, lock_seconds=0.1).rows("SELECT 1")


def test_its_clients_load_no_duckdb(folder: Path, owner: Owner) -> None:
    code = (
        "import sys; from pathlib import Path; from heaters.catalog.transports import Catalog\n"
        "print(Catalog(Path(sys.argv[1])).rows('SELECT count(*) AS n FROM clips'), 'duckdb' in sys.modules)"
    )
    assert alone(code, folder).stdout == "[{'n': 4}] False\n"


def test_of_two_that_start_at_once_one_serves_and_the_other_says_so(folder: Path) -> None:
    words = [sys.executable, "-c", SERVE, str(folder), "600", ""]
    with ExitStack() as stack:
        both = [
            stack.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE, text=True)) for _ in range(2)
        ]
        [stack.callback(one.kill) for one in both]
        until(lambda: any(one.poll() is not None for one in both))
        (second,) = (one for one in both if one.poll() is not None)
        (first,) = (one for one in both if one is not second)
        assert second.returncode == 0
        assert f"is served already, by process {first.pid}" in second.communicate()[0]
        assert decide(Catalog(folder), "approve", 1)["next"]["id"] == 2
        first.send_signal(signal.SIGTERM)
        assert f"is served by process {first.pid}" in first.communicate(timeout=60)[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_nothing_that_was_begun_is_lost(
    folder: Path, owner: Owner, number: signal.Signals
) -> None:
    acknowledged: list[str] = []

    def work(reviewer: str) -> None:
        catalog = Catalog(folder)
        while len(acknowledged) < 60:
            acknowledged.append(decide(catalog, "approve", 1, reviewer=reviewer)["op_id"])

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ana", "ben", "cem")]
    [one.start() for one in threads]
    until(lambda: len(acknowledged) > 10)
    owner.process.send_signal(number)
    assert f"{number.name} came" in owner.end()
    [one.join() for one in threads]
    assert owner.process.returncode == 0
    assert not (folder / OWNER_FILE).exists()
    logged = [
        row["op_id"] for row in Catalog(folder).rows("SELECT op_id FROM clip_events WHERE action = 'approve'")
    ]
    assert sorted(logged) == sorted(acknowledged)


def test_what_it_leaves_is_folded_in(folder: Path, owner: Owner) -> None:
    decide(Catalog(folder), "approve", 1)
    assert log_of(folder / "catalog.duckdb").stat().st_size > 0
    owner.process.send_signal(signal.SIGTERM)
    owner.end()
    assert not log_of(folder / "catalog.duckdb").exists()
    assert states(Catalog(folder))[1] == "approved"


def test_one_of_another_version_is_asked_to_leave_and_the_newer_one_takes_its_place(folder: Path) -> None:
    with Owner(folder, version="0.0.1") as old:
        catalog = Catalog(folder)
        assert decide(catalog, "approve", 1)["next"]["id"] == 2
        assert "it was asked to leave" in old.end()
    with Owner(folder, version="0.0.1") as old, Owner(folder) as new:
        assert "it was asked to leave" in old.end()
        decide(catalog, "approve", 2)
        assert json.loads((folder / OWNER_FILE).read_text("utf-8"))["pid"] == new.process.pid


def test_one_of_a_newer_schema_is_left_alone(folder: Path, owner: Owner) -> None:
    file = folder / OWNER_FILE
    note = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**note, "schema": 99}), "utf-8")
    with pytest.raises(CatalogNewer, match="schema 99, this heaters knows 2: upgrade heaters"):
        Catalog(folder).rows("SELECT 1")
    file.write_text(json.dumps(note), "utf-8")
    assert Catalog(folder).rows("SELECT 1 AS a") == [{"a": 1}]


def test_who_does_not_know_the_token_is_sent_away(folder: Path, owner: Owner) -> None:
    note = Links(folder, 10).note()
    assert note is not None
    with socket.create_connection((HOME, note.port)) as stranger:
        stranger.sendall((64).to_bytes(8, "big") + bytes(64) + b'["drain"]')
        stranger.settimeout(30)
        heard = b""
        with suppress(ConnectionResetError):
            while data := stranger.recv(4096):
                heard += data
    assert len(heard) == 8 + 32  # its question, and no more
    assert owner.process.poll() is None
    assert decide(Catalog(folder), "approve", 1)["next"]["id"] == 2


def test_who_connects_and_says_nothing_is_in_nobodys_way(folder: Path, owner: Owner) -> None:
    note = Links(folder, 10).note()
    assert note is not None
    silent = [socket.create_connection((HOME, note.port)) for _ in range(20)]
    half = socket.create_connection((HOME, note.port))
    half.sendall(b"\0\0\0")
    try:
        for number in (1, 2, 3):
            decide(Catalog(folder), "approve", number)
    finally:
        [one.close() for one in (*silent, half)]
    assert states(Catalog(folder))[3] == "approved"


def test_an_impostor_at_the_address_is_told_no_decision(folder: Path) -> None:
    with Owner(folder) as killed:
        note = Links(folder, 10).note()
        killed.process.kill()
    assert note is not None
    heard: list[bytes] = []
    with socket.create_server((HOME, 0)) as impostor:
        lie = {**note._asdict(), "port": impostor.getsockname()[1], "pid": os.getpid()}
        (folder / OWNER_FILE).write_text(json.dumps(lie), "utf-8")

        def deceive() -> None:
            client, _ = impostor.accept()
            with client:
                client.sendall((32).to_bytes(8, "big") + bytes(32))
                heard.append(client.recv(4096))
                client.sendall(
                    (32).to_bytes(8, "big") + bytes(32) + (15).to_bytes(8, "big") + b'{"answer": {}}'
                )
                with suppress(ConnectionResetError):
                    heard.append(client.recv(4096))

        thread = threading.Thread(target=deceive)
        thread.start()
        assert decide(Catalog(folder), "approve", 1)["next"]["id"] == 2
        thread.join()
    assert not any(b"approve" in one for one in heard)
    assert not any(note.token.encode() in one for one in heard)


def test_a_stranger_at_the_address_of_a_dead_one_is_asked_once(folder: Path) -> None:
    with Owner(folder) as killed:
        note = Links(folder, 10).note()
        killed.process.kill()
    assert note is not None
    with socket.create_server((HOME, 0)) as stranger:
        left = {**note._asdict(), "port": stranger.getsockname()[1], "pid": os.getpid()}
        (folder / OWNER_FILE).write_text(json.dumps(left), "utf-8")
        catalog = Catalog(folder, lock_seconds=0.3)  # as long as it waits for a greeting that never comes
        decide(catalog, "approve", 1)
        decide(catalog, "approve", 2)
        stranger.settimeout(10)
        stranger.accept()[0].close()
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):
            stranger.accept()
    with Owner(folder) as fresh:
        decide(catalog, "approve", 3)
        assert json.loads((folder / OWNER_FILE).read_text("utf-8"))["pid"] == fresh.process.pid
        assert states(catalog)[3] == "approved"


def test_one_is_found_though_the_machine_has_got_another_name(folder: Path, owner: Owner) -> None:
    file = folder / OWNER_FILE
    note = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**note, "host": "another-name"}), "utf-8")
    assert decide(Catalog(folder, lock_seconds=0.5), "approve", 1)["next"]["id"] == 2


def test_the_file_of_a_dead_one_holds_nobody_back(folder: Path) -> None:
    with Owner(folder) as killed:
        decide(Catalog(folder), "approve", 1)
    assert killed.process.returncode == -signal.SIGKILL
    assert (folder / OWNER_FILE).exists()
    catalog = Catalog(folder, lock_seconds=0.5)
    assert states(catalog)[1] == "approved"
    decide(catalog, "approve", 2)
    with (
        DirectCatalog(folder).reading(),
        pytest.raises(CatalogLocked, match="another process or thread has held"),
    ):
        catalog.rows("SELECT 1")
    with Owner(folder) as fresh:
        decide(catalog, "approve", 3)
        assert json.loads((folder / OWNER_FILE).read_text("utf-8"))["pid"] == fresh.process.pid
    assert check(catalog) == []


def test_it_leaves_when_nobody_needs_it_with_a_snapshot_of_what_has_changed(folder: Path) -> None:
    with Owner(folder, idle_seconds=0.5) as running:
        catalog = Catalog(folder)
        decide(catalog, "approve", 1)
        until(lambda: list((folder / "snapshots").glob("2*Z")))
        time.sleep(1)
        assert running.process.poll() is None, "a client is connected"
        decide(catalog, "approve", 2)
        del catalog
        assert "nobody needs it" in running.end()
    kept = sorted((folder / "snapshots").glob("2*Z"))
    assert len(kept) == 2
    decide(Catalog(folder), "archive", 3)
    restore(folder, kept[-1])
    assert states(Catalog(folder)) == {1: "approved", 2: "approved", 3: "pending", 4: "pending"}


def test_nothing_changed_nothing_saved(folder: Path) -> None:
    with Owner(folder, idle_seconds=0.2) as running:
        assert "nobody needs it" in running.end()
    assert not (folder / "snapshots").exists()


def test_who_waits_for_the_lock_finds_the_one_that_comes_meanwhile(catalog: DirectCatalog, show: int) -> None:
    reading, leave = threading.Event(), threading.Event()

    def read() -> None:
        with catalog.reading():
            reading.set()
            leave.wait()

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait()
    decided = threading.Thread(target=decide, args=(Catalog(catalog.folder), "approve", 1))
    decided.start()
    threading.Timer(0.5, leave.set).start()
    with Served(catalog.folder) as served:  # it waits for the lock too
        decided.join()
    thread.join()
    assert states(served)[1] == "approved"


def test_a_restore_asks_it_to_leave_and_others_go_on(folder: Path, owner: Owner) -> None:
    catalog = Catalog(folder)
    kept = catalog.snapshot(folder / "snapshots")
    decide(catalog, "approve", 1)
    assert restore(folder, kept) == {"sources": 0, "events": 1}
    assert "it was asked to leave" in owner.end()
    assert states(catalog)[1] == "pending"
    decide(catalog, "approve", 2)
    assert check(catalog) == []


def test_a_check_and_a_copy_leave_its_file_locked_for_programs_that_know_no_lock_file(
    folder: Path, owner: Owner
) -> None:
    catalog = Catalog(folder)
    assert check(catalog) == []
    code = "import sys, duckdb; duckdb.connect(sys.argv[1])"
    assert "Could not set lock" in alone(code, folder / "catalog.duckdb").stderr
    decide(catalog, "approve", 1)


def test_a_forked_child_has_a_connection_of_its_own(folder: Path, owner: Owner) -> None:
    catalog = Catalog(folder)
    decide(catalog, "approve", 1)
    child = os.fork()
    if child == 0:
        try:
            decide(catalog, "approve", 2)
        finally:
            os._exit(0 if states(catalog)[2] == "approved" else 1)
    for number in (3, 4):
        decide(catalog, "approve", number)
    assert os.waitpid(child, 0)[1] == 0
    assert set(states(catalog).values()) == {"approved"}


def test_ctrl_c_of_a_client_ends_its_wait_and_no_command_is_half_done(folder: Path, owner: Owner) -> None:
    catalog = Catalog(folder)
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
    assert check(catalog) == []


def test_one_that_is_stuck_is_named(folder: Path, owner: Owner) -> None:
    catalog, late = Catalog(folder, lock_seconds=0.5), Catalog(folder, lock_seconds=0.5)
    decide(catalog, "approve", 1)
    owner.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(CatalogLocked, match=f"process {owner.process.pid}, has not answered for 0.5 s"):
            decide(catalog, "approve", 2)
        with pytest.raises(CatalogLocked, match=f"process {owner.process.pid} on .* can't be reached"):
            decide(late, "approve", 3)
    finally:
        owner.process.send_signal(signal.SIGCONT)
    decide(catalog, "approve", 4)


def test_one_of_another_user_is_told_to_those_who_may_not_use_it(folder: Path, owner: Owner) -> None:
    if os.getuid():
        pytest.skip("only root can become another user")
    for place in (folder, *folder.parents):
        if (
            place.stat().st_uid == 0
            and place.is_relative_to(tempfile.gettempdir())
            and place != Path(tempfile.gettempdir())
        ):
            place.chmod(0o777)
    (folder / "catalog.lock").chmod(0o666)
    assert as_nobody(lambda: Catalog(folder, lock_seconds=0.3).rows("SELECT 1")) == (
        f"CatalogLocked: {folder} can't be used: a process of user 0 owns it, who alone may use it meanwhile: ask for its end"
    )
    assert decide(Catalog(folder), "approve", 1)["next"]["id"] == 2


def as_nobody(call: Callable[[], object]) -> str:
    """What a call says in a process of another user."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setresuid(65534, 65534, 65534)
        try:
            said = repr(call())
        except Exception as error:  # noqa: BLE001 - told
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_it_is_started_in_a_session_of_its_own_and_once(folder: Path) -> None:
    words = [sys.executable, "-c", SERVE, str(folder), "600", ""]
    launch_owner(folder, words)
    note = Links(folder, 10).note()
    assert note is not None
    try:
        launch_owner(folder, words)
        assert os.getsid(note.pid) == note.pid != os.getsid(0)
        assert decide(Catalog(folder), "approve", 1)["next"]["id"] == 2
        Links(folder, 10).drain()
        until(
            lambda: not Path(f"/proc/{note.pid}").exists() if Path("/proc").exists() else not answers(folder)
        )
        said = (folder / OWNER_LOG).read_text("utf-8")
        assert said.count("is served by process") == 1
        assert "it was asked to leave" in said
    finally:
        if answers(folder):
            os.kill(note.pid, signal.SIGKILL)


def test_why_it_did_not_start_is_said_to_who_started_it(folder: Path) -> None:
    (folder / "catalog.duckdb").write_bytes(b"no database at all")
    with pytest.raises(CatalogError, match=r"did not start: .*no readable catalog"):
        launch_owner(folder, [sys.executable, "-c", SERVE, str(folder), "600", ""])


def test_a_request_that_it_does_not_know_is_refused_and_the_connection_stays(
    folder: Path, owner: Owner
) -> None:
    links = Links(folder, 10)
    line = links.take()
    assert line is not None
    with pytest.raises(TypeError, match="no verb: dance"):
        links.ask(line, "dance")
    with pytest.raises(CatalogError, match="refused a command"):
        links.ask(line, "rows", "SELECT * FROM nothing", [])
    with pytest.raises(UsageError, match="read"):
        links.ask(line, "query", "DELETE FROM clips", [])
    assert links.ask(line, "rows", "SELECT 1 AS a", []) == (["a"], [(1,)])
