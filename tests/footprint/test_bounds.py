"""Kernels never leave their arrays: the kernel tests again, compiled with bounds checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_KERNEL_TESTS = ("test_cells.py", "test_bars.py", "test_retention.py", "../orderflow/test_profile.py")


@pytest.mark.skipif(bool(os.environ.get("NUMBA_BOUNDSCHECK")), reason="this is the run with bounds checks")
def test_kernels_stay_within_bounds(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(_HERE / n) for n in _KERNEL_TESTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=_HERE.parents[1])
    assert done.returncode == 0, done.stdout[-4000:]
