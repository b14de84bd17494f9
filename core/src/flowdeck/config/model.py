"""What can be configured. Sections are frozen; an unknown key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from flowdeck.config.paths import config_path, data_path, desktop_path, usable_folder
from flowdeck.config.problems import Problem
from flowdeck.errors import FlowdeckError
from flowdeck.instruments import InstrumentId
from flowdeck.timeframes import Timeframe

__all__ = [
    "AppearanceConfig",
    "ChartConfig",
    "Config",
    "EngineConfig",
    "Loaded",
    "LogConfig",
    "PluginConfig",
    "origin_of",
]


def _parsed_by(parse: Any) -> AfterValidator:
    def normal_form(text: str) -> str:
        try:
            return str(parse(text))
        except FlowdeckError as error:
            raise ValueError(str(error)) from None

    return AfterValidator(normal_form)


def _split(value: object) -> object:
    """Lists are written `a,b` in the environment and on the command line."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _grouping(value: object) -> object:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    if isinstance(value, str) and value.isdecimal() and int(value) >= 1:
        return int(value)
    raise ValueError('must be "auto" or a whole number of ticks a row from 1')


Instrument = Annotated[str, _parsed_by(InstrumentId.parse)]
TimeframeText = Annotated[str, _parsed_by(Timeframe.parse)]
Grouping = Annotated[Literal["auto"] | int, BeforeValidator(_grouping)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Port = Annotated[int, Field(ge=0, le=65535)]
FolderPath = Annotated[Path, AfterValidator(Path.expanduser)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EngineConfig(_Section):
    """The engine: where it listens, where it keeps data, how much memory it takes."""

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; others than loopback need TLS or allow_plain."
    )
    port: Port = Field(default=8766, description="Port of `serve` and `process`; 0 takes a free one.")
    collect_port: Port = Field(default=8765, description="Port of `collect`.")
    data: FolderPath = Field(default_factory=data_path, description="Folder of recorded data.")
    keep_recording: bool = Field(default=False, description="Keep the engine running when the window closes.")
    memory_mb: int = Field(default=512, ge=16, le=1_048_576, description="Memory for series of open streams, MB.")
    tls_cert: FolderPath | None = Field(
        default=None, description="Certificate file (PEM) for listening beyond loopback."
    )
    tls_key: FolderPath | None = Field(default=None, description="Private key file (PEM) of tls_cert.")
    allow_plain: bool = Field(default=False, description="Listen beyond loopback without TLS.")


class ChartConfig(_Section):
    """What a chart shows when it opens."""

    instrument: Instrument = Field(default="binance-usdm:BTCUSDT", description="VENUE:SYMBOL.")
    timeframe: TimeframeText = Field(default="1m", description="15s, 1m, 4h, 1d, 500t and the like.")
    layers: Names = Field(default=(), description="Ids of the layers shown; empty leaves it to each layer.")
    grouping: Grouping = Field(default="auto", description='Ticks per row, or "auto".')


class AppearanceConfig(_Section):
    """How it looks."""

    theme: Literal["dark", "light"] = Field(default="dark", description="Theme.")
    colours: Literal["standard", "colour_blind_safe"] = Field(
        default="standard", description="Colours of buying and selling."
    )
    ui_font: str = Field(default="Inter", min_length=1, description="Font family of words.")
    figures_font: str = Field(default="JetBrains Mono", min_length=1, description="Font family of figures.")
    font_size_px: int = Field(
        default=12, ge=10, le=24, description="Size of body text, px; the whole chart grows and shrinks with it."
    )


class LogConfig(_Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged."
    )


class PluginConfig(_Section):
    """One plugin. `settings` is kept as it was written; the plugin's own model judges it when the plugin is loaded."""

    enabled: bool = Field(default=True, description="Whether it is loaded.")
    required: bool = Field(default=False, description="Whether its failure ends the process.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Values of the plugin's settings.")


@dataclass(frozen=True)
class Loaded:
    """Where a configuration came from.

    Attributes:
        path: The engine's file.
        desktop_path: The desktop's file.
        origins: Per dotted key that somebody set: the file, environment variable or `command line`.
        plugin_problems: Per plugin what is wrong with its section; it alone suffers.
    """

    path: Path = field(default_factory=config_path)
    desktop_path: Path = field(default_factory=desktop_path)
    origins: Mapping[str, str] = field(default_factory=dict)
    plugin_problems: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)


def origin_of(origins: Mapping[str, str], key: str) -> str:
    """Where a key was set: itself, a value within it, or the section around it."""
    within = next((source for known, source in origins.items() if known.startswith(f"{key}.")), None)
    while key and key not in origins and within is None:
        key = key.rpartition(".")[0]
    return within or origins.get(key, "default")


class Config(BaseSettings):
    """All of it. `Config()` is the defaults; `load_config` reads files, environment and command line."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="FLOWDECK_", env_nested_delimiter="__", env_ignore_empty=True
    )

    engine: EngineConfig = Field(default_factory=EngineConfig)
    chart: ChartConfig = Field(default_factory=ChartConfig)
    appearance: AppearanceConfig = Field(default_factory=AppearanceConfig)
    stores: dict[str, str] = Field(default_factory=dict, description="Store preferred for a kind.")
    plugins: dict[str, PluginConfig] = Field(default_factory=dict, description="Per plugin.")
    log: LogConfig = Field(default_factory=LogConfig)
    window: dict[str, Any] = Field(default_factory=dict, description="Size and docks, as the desktop left them.")

    _loaded: Loaded = PrivateAttr(default_factory=Loaded)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load_config` merges the sources itself, to know each value's origin."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def path(self) -> Path:
        """The engine's file."""
        return self._loaded.path

    @property
    def desktop_path(self) -> Path:
        """The desktop's file."""
        return self._loaded.desktop_path

    def origin(self, key: str) -> str:
        """Where a dotted key was set: a file, an environment variable, `command line` or `default`."""
        return origin_of(self._loaded.origins, key)

    def plugin(self, name: str) -> PluginConfig:
        """A plugin's section, the defaults when it has none."""
        return self.plugins.get(name) or PluginConfig()

    def plugin_problems(self, name: str) -> tuple[Problem, ...]:
        """What is wrong with a plugin's section (not with its settings, which its own model judges)."""
        return self._loaded.plugin_problems.get(name, ())

    def data_folder(self) -> Path:
        """The data folder, made and found writable.

        Raises:
            ConfigError: naming the folder and the remedy.
        """
        return usable_folder(
            self.engine.data, "data folder", "mend its owner or mode, or choose another with --data-dir"
        )
