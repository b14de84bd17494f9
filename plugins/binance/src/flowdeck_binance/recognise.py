"""Telling spot from USD-M by what only one of them sends."""

from __future__ import annotations

import msgspec

__all__ = ["SPOT", "USDM", "VENUES", "venue_of"]

SPOT = "binance-spot"
USDM = "binance-usdm"
VENUES = (SPOT, USDM)

_USDM_ONLY = {"forceOrder", "markPriceUpdate"}
_EVENTS = {"aggTrade": "a", "trade": "t", "depthUpdate": "u"}


def venue_of(frame: bytes) -> str | None:
    """The venue that sends such a frame; None when it is not Binance's or both might."""
    try:
        message = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    data = message.get("data", message)
    return _venue(data) if isinstance(data, dict) else None


def _venue(data: dict[str, object]) -> str | None:
    event = data.get("e")
    if event in _USDM_ONLY:
        return USDM
    if event in _EVENTS and isinstance(data.get(_EVENTS[str(event)]), int) and "s" in data:
        usdm = {"pu"} & data.keys() if event == "depthUpdate" else "M" not in data
        return USDM if usdm else SPOT
    if {"u", "s", "b", "B", "a", "A"} <= data.keys():
        return USDM if event == "bookTicker" else SPOT
    if {"lastUpdateId", "bids", "asks"} <= data.keys():
        return USDM if "T" in data else SPOT
    return None
