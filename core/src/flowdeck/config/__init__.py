"""Configuration: defaults < files < environment < command line, every value with its origin.

Two files, each with one owner: `config.toml` (engine, stores, plugins, log) is written by the engine, `desktop.toml`
beside it (chart, appearance, window, settings of scope `view`) by the desktop.
"""

from flowdeck.config.load import load_config, stray_variables
from flowdeck.config.model import (
    AppearanceConfig,
    ChartConfig,
    Config,
    EngineConfig,
    LogConfig,
    PluginConfig,
)
from flowdeck.config.paths import config_path, data_path, desktop_path, usable_folder
from flowdeck.config.problems import InvalidConfigError, Problem, near, problems_of
from flowdeck.config.write import save_desktop, save_engine

__all__ = [
    "AppearanceConfig",
    "ChartConfig",
    "Config",
    "EngineConfig",
    "InvalidConfigError",
    "LogConfig",
    "PluginConfig",
    "Problem",
    "config_path",
    "data_path",
    "desktop_path",
    "load_config",
    "near",
    "problems_of",
    "save_desktop",
    "save_engine",
    "stray_variables",
    "usable_folder",
]
