"""Every file of measures runs; what it measures here says nothing, so no figure is looked at."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import MODULES
from regalpos.environment import BASE_DIR


@pytest.mark.parametrize("module", MODULES)
def test_the_bench_measures(module: str, tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    command = [sys.executable, "-m", "bench", "--smoke", "--json", str(report), "--only", module]
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(report.read_text())
    assert said["broken"] == {}
    assert [*said["seconds"]] == [module]
    assert said["measures"], done.stdout
    assert {"cpu", "cores", "kernel", "python", "postgresql", "packages", "commit"} <= {
        *said["machine"]
    }
