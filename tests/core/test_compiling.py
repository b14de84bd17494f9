"""Kernels are cached, and a cached kernel follows its helpers."""

import os
import subprocess
import sys
from pathlib import Path

_KERNEL = """
from flowdeck.compiling import kernel, types
from factors import times

@kernel(types.int64(types.int64))
def scaled(x):
    return times(x)
"""
_HELPER = """
from flowdeck.compiling import helper

@helper
def times(x):
    return {factor} * x
"""


def _scaled(folder: Path, factor: int) -> tuple[int, int]:
    """What the kernel makes of 1 in a process of its own, and how often it came from the cache."""
    (folder / "factors.py").write_text(_HELPER.format(factor=factor))
    program = "import kernel; print(kernel.scaled(1), sum(kernel.scaled.stats.cache_hits.values()))"
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, cwd=folder
    )
    value, hits = done.stdout.split()
    return int(value), int(hits)


def test_a_cached_kernel_goes_stale_with_its_helpers(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text(_KERNEL)
    assert [_scaled(tmp_path, factor) for factor in (2, 2, 3, 3)] == [(2, 0), (2, 1), (3, 0), (3, 1)]
