"""What each process last made of its plugins, for `flowdeck plugin list`, which loads none."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowdeck.plugins.info import PluginInfo
from flowdeck.specs import PluginState

__all__ = ["Sighting", "sightings", "write_record"]


@dataclass(frozen=True)
class Sighting:
    """A plugin as one process last saw it.

    Attributes:
        side: engine, desktop or headless.
        running: Whether that process still runs.
        ts: When it was written, ns UTC.
    """

    side: str
    running: bool
    ts: int
    version: str
    state: PluginState
    reason: str
    traceback: str


def write_record(data: Path, side: str, plugins: Iterable[PluginInfo]) -> None:
    """Replace a side's record. A data folder that cannot be written is reported by who needs it, not here."""
    states = {
        info.name: {name: getattr(info, name) for name in ("version", "state", "reason", "traceback")}
        for info in plugins
    }
    path = _folder(data) / f"{side}.json"
    beside = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps({"pid": os.getpid(), "ts": time.time_ns(), "plugins": states}), encoding="utf-8")
        beside.replace(path)


def sightings(data: Path, plugin: str, version: str) -> list[Sighting]:
    """What the sides last saw of this version of a plugin; records that cannot be read say nothing."""
    found = (_sighting(path, plugin) for path in sorted(_folder(data).glob("*.json")))
    return [one for one in found if one is not None and one.version == version]


def _folder(data: Path) -> Path:
    return data / "plugin-states"


def _sighting(path: Path, plugin: str) -> Sighting | None:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        seen = record["plugins"][plugin]
        state = PluginState(seen["state"])
        texts = (str(seen[name]) for name in ("reason", "traceback"))
        return Sighting(path.stem, _runs(int(record["pid"])), int(record["ts"]), seen["version"], state, *texts)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return False  # signal 0 is Ctrl-C there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
