"""What a client may ask: one struct a request, checked field by field before anything is done."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from flowdeck.errors import ProtocolError
from flowdeck.streams import Resolution, StreamKey, StreamRequest
from flowdeck.wire.codec import Header, Style

__all__ = ["CONTROL", "READING", "RequestError", "parse_request"]

Ns = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Speed = Annotated[float, Meta(gt=0)] | Literal["max"] | None


class RequestError(ProtocolError):
    """A request that is well-formed as a message and wrong as a request; it is answered, and the client stays."""

    code = "request"


class _Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="request"):
    id: int | None = None


class Announced(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the client was built for; a kind that is now another closes it instead of being misread."""

    version: int | None = None
    dtype: list[tuple[str, str]] | None = None


class Open(_Request, frozen=True, kw_only=True, tag="open"):
    key: str
    start: Ns | None = None
    stop: Ns | None = None
    live: bool = True
    resolution: tuple[Ns, float] | None = None
    order: Literal["oldest", "newest"] = "oldest"
    credit: Annotated[int, Meta(ge=1)] | None = None
    shape: Literal["rows", "columns"] = "rows"
    int64: Literal["number", "text"] = "number"
    kind: Announced = Announced()

    @property
    def style(self) -> Style:
        """How JSON rows are wanted."""
        return Style(self.shape, self.int64)

    def stream_request(self) -> StreamRequest:
        """The request for the engine; StreamError when the key or the interval is wrong."""
        resolution = Resolution(*self.resolution) if self.resolution else None
        return StreamRequest(StreamKey.parse(self.key), self.start, self.stop, self.live, resolution, self.order)


class Cancel(_Request, frozen=True, kw_only=True, tag="cancel"):
    stream: int


class Credit(_Request, frozen=True, kw_only=True, tag="credit"):
    stream: int
    bytes: Annotated[int, Meta(ge=1)]


class Auth(_Request, frozen=True, kw_only=True, tag="auth"):
    token: str | None = None
    proof: str | None = None


class Events(_Request, frozen=True, kw_only=True, tag="events"):
    names: list[str] | None = None


class SettingsGet(_Request, frozen=True, kw_only=True, tag="settings.get"):
    plugin: str | None = None
    with_schema: bool = msgspec.field(default=False, name="schema")


class SettingsPatch(_Request, frozen=True, kw_only=True, tag="settings.patch"):
    plugin: str
    revision: int
    values: dict[str, Any]
    persist: bool = True


class PluginList(_Request, frozen=True, kw_only=True, tag="plugin.list"):
    pass


class _OfPlugin(_Request, frozen=True, kw_only=True):
    plugin: str


class PluginEnable(_OfPlugin, frozen=True, kw_only=True, tag="plugin.enable"):
    persist: bool = True


class PluginDisable(_OfPlugin, frozen=True, kw_only=True, tag="plugin.disable"):
    persist: bool = True


class PluginRetry(_OfPlugin, frozen=True, kw_only=True, tag="plugin.retry"):
    pass


class RunList(_Request, frozen=True, kw_only=True, tag="run.list"):
    pass


class RunStart(_Request, frozen=True, kw_only=True, tag="run.start"):
    capture: str
    speed: Speed = 1.0
    paused: bool = False
    at: Ns | None = None


class _OfRun(_Request, frozen=True, kw_only=True):
    run: str


class RunPlay(_OfRun, frozen=True, kw_only=True, tag="run.play"):
    pass


class RunPause(_OfRun, frozen=True, kw_only=True, tag="run.pause"):
    pass


class RunSeek(_OfRun, frozen=True, kw_only=True, tag="run.seek"):
    ts: Ns


class RunStep(_OfRun, frozen=True, kw_only=True, tag="run.step"):
    frames: Annotated[int, Meta(ge=1)] = 1


class RunSpeed(_OfRun, frozen=True, kw_only=True, tag="run.speed"):
    speed: Speed


class RunStop(_OfRun, frozen=True, kw_only=True, tag="run.stop"):
    pass


class DataList(_Request, frozen=True, kw_only=True, tag="data.list"):
    pass


class Status(_Request, frozen=True, kw_only=True, tag="status"):
    pass


class StatusKick(_Request, frozen=True, kw_only=True, tag="status.kick"):
    source: str | None = None


class InstrumentList(_Request, frozen=True, kw_only=True, tag="instrument.list"):
    run: str | None = None


class SourceList(_Request, frozen=True, kw_only=True, tag="source.list"):
    pass


class Metrics(_Request, frozen=True, kw_only=True, tag="metrics"):
    pass


class EngineKeep(_Request, frozen=True, kw_only=True, tag="engine.keep"):
    pass


class EngineStop(_Request, frozen=True, kw_only=True, tag="engine.stop"):
    pass


CONTROL: tuple[type[_Request], ...] = (
    SettingsPatch,
    PluginEnable,
    PluginDisable,
    PluginRetry,
    RunStart,
    RunPlay,
    RunPause,
    RunSeek,
    RunStep,
    RunSpeed,
    RunStop,
    StatusKick,
    EngineKeep,
    EngineStop,
)
"""Requests that change something: they need the token, also on loopback."""

READING: tuple[type[_Request], ...] = (
    Open,
    Cancel,
    Credit,
    Auth,
    Events,
    SettingsGet,
    PluginList,
    RunList,
    DataList,
    Status,
    InstrumentList,
    SourceList,
    Metrics,
)
_ANY: Any = reduce(or_, (*READING, *CONTROL))
_NAMES = sorted(str(cls.__struct_config__.tag) for cls in get_args(_ANY))


def parse_request(header: Header) -> _Request:
    """The request that a header states.

    Raises:
        RequestError: naming the field, its value and what is allowed.
    """
    name = header.get("request")
    if name not in _NAMES:
        raise RequestError(f"no request {name!r}; known are {', '.join(_NAMES)}")
    try:
        request: _Request = msgspec.convert(header, _ANY)
    except msgspec.ValidationError as error:
        raise RequestError(f"{name}: {error}") from error
    return request
