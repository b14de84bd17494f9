"""How the window writes numbers and times: U+2212 for minus, thousands apart, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["clock", "count", "duration", "latency", "price", "venue_title"]

_SECOND_NS = 1_000_000_000


def price(value: float, decimals: int) -> str:
    """A price with its instrument's decimals, `61,659.8`."""
    return f"{value:,.{decimals}f}".replace("-", "\u2212")


def count(value: float) -> str:
    """A rate or a count without decimals, `1,418`."""
    return f"{value:,.0f}".replace("-", "\u2212")


def latency(ns: int) -> str:
    """A latency in ms; over ten seconds in s."""
    ms = ns / 1e6
    return f"{ms:,.0f} ms".replace("-", "\u2212") if abs(ms) < 10_000 else f"{ms / 1000:,.1f} s".replace("-", "\u2212")


def duration(ns: int) -> str:
    """A duration as `00:00:38`; days are counted in hours."""
    seconds = max(0, ns) // _SECOND_NS
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def clock(ns: int, *, date: bool = False) -> str:
    """A time of day in UTC, `23:59:58`, with `date` as `8 Aug 23:59:58`."""
    at = datetime.fromtimestamp(ns // _SECOND_NS, UTC)
    return f"{at.day} {at:%b %H:%M:%S}" if date else f"{at:%H:%M:%S}"


def venue_title(venue: str) -> str:
    """How a venue is written: `binance-usdm` is `Binance USD-M`."""
    words = {"usdm": "USD-M", "coinm": "COIN-M"}
    return " ".join(words.get(word, word.capitalize()) for word in venue.split("-"))
