"""Arithmetic of stream requests: several readers of one key are served by one request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowdeck.streams import StreamKey, StreamRequest

__all__ = ["begins_before", "earlier", "merge", "same_shape"]


def merge(requests: Iterable[StreamRequest]) -> dict[StreamKey, StreamRequest]:
    """One request a key that serves everybody: from the earliest start, at the finest resolution."""
    wanted: dict[StreamKey, StreamRequest] = {}
    for request in requests:
        known = wanted.get(request.key)
        wanted[request.key] = request if known is None else _both(known, request)
    return wanted


def same_shape(a: StreamRequest, b: StreamRequest) -> bool:
    """Whether two requests of a key differ in nothing but where they start and in which order history comes."""
    return (a.live, a.stop, a.resolution) == (b.live, b.stop, b.resolution)


def begins_before(a: StreamRequest, b: StreamRequest) -> bool:
    """Whether `a` asks for older rows than `b`."""
    return b.start is not None and (a.start is None or a.start < b.start)


def earlier(a: int | None, b: int | None) -> int | None:
    """The earlier start; None is the earliest."""
    return None if a is None or b is None else min(a, b)


def _both(a: StreamRequest, b: StreamRequest) -> StreamRequest:
    live = a.live or b.live
    endless = live or a.stop is None or b.stop is None
    return replace(
        a,
        start=earlier(a.start, b.start),
        stop=None if endless else max(a.stop or 0, b.stop or 0),
        live=live,
        resolution=min(a.resolution, b.resolution) if a.resolution and b.resolution else None,
    )
