"""Writing single values into the configuration files: comments stay, and a crash leaves the old file or the new one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from flowdeck.errors import ConfigError

__all__ = ["save_desktop", "save_engine"]

_REMEDY = "mend its owner or mode, or choose another file with --config or FLOWDECK_CONFIG"


def save_engine(config_path: Path, dotted_key: str, value: Any) -> None:
    """Set one value of the engine's file (`engine`, `stores`, `plugins`, `log`); None removes the key.

    Raises:
        ConfigError: naming the file and the remedy when it cannot be read or written.
    """
    _save(config_path, dotted_key, value)


def save_desktop(config_path: Path, dotted_key: str, value: Any) -> None:
    """Set one value of the desktop's file (`chart`, `appearance`, `window`, settings of scope `view`); None removes it.

    Args:
        config_path: The desktop's file itself, `Config.desktop_path`.
        dotted_key: As in `engine.port`.
        value: What TOML can hold.

    Raises:
        ConfigError: naming the file and the remedy when it cannot be read or written.
    """
    _save(config_path, dotted_key, value)


def _save(path: Path, dotted_key: str, value: Any) -> None:
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        _set(document, dotted_key, value)
        _replace(path, tomlkit.dumps(document))
    except ParseError as error:
        raise ConfigError(f"{path}: line {error.line}, column {error.col}: {error}; mend the line first") from error
    except (TOMLKitError, ValueError) as error:
        raise ConfigError(f"{path}: {dotted_key} = {value!r} cannot be written: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be written ({error.strerror}): {_REMEDY}") from error


def _set(document: MutableMapping[str, Any], dotted_key: str, value: Any) -> None:
    *parents, last = dotted_key.split(".")
    table = document
    for part in parents:
        if not isinstance(table.get(part), MutableMapping):
            if value is None:
                return
            table[part] = tomlkit.table(is_super_table=part != parents[-1])
        table = table[part]
    if value is None:
        table.pop(last, None)
    else:
        table[last] = value


def _replace(path: Path, text: str) -> None:
    """Write beside the file, flush to disk, rename over it; a link is followed, the mode is kept."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            Path(name).chmod(target.stat().st_mode & 0o777)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
