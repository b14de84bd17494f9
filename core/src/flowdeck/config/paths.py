"""Where files lie, and that they can be used."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from platformdirs import user_config_path, user_data_path

from flowdeck.errors import ConfigError

__all__ = ["config_path", "data_path", "desktop_path", "usable_folder"]


def config_path() -> Path:
    """The engine's configuration file: `FLOWDECK_CONFIG`, else the user's configuration folder."""
    given = os.environ.get("FLOWDECK_CONFIG")
    return Path(given).expanduser() if given else user_config_path("flowdeck", appauthor=False) / "config.toml"


def desktop_path(engine_file: Path | None = None) -> Path:
    """The desktop's file beside the engine's."""
    return (engine_file or config_path()).with_name("desktop.toml")


def data_path() -> Path:
    """The data folder until the configuration says otherwise: `FLOWDECK_DATA_DIR`, else the user's data folder."""
    given = os.environ.get("FLOWDECK_DATA_DIR")
    return Path(given).expanduser() if given else user_data_path("flowdeck", appauthor=False)


def usable_folder(folder: Path, what: str, remedy: str) -> Path:
    """The folder, made where it is missing and found writable.

    Raises:
        ConfigError: naming the folder, the reason and the remedy.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise ConfigError(f"{what} {folder} cannot be written ({error.strerror or error}): {remedy}") from error
