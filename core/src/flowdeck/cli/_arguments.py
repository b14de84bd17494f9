"""Reading what several commands are given; what is wrong ends with exit code 2 and one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

import typer

from flowdeck.errors import InstrumentError, TimeframeError
from flowdeck.instruments import InstrumentId
from flowdeck.timeframes import DAY_NS, Timeframe

__all__ = ["When", "no_data", "parse_instrument", "parse_speed", "parse_step", "parse_timeframe", "parse_when"]

When = Callable[[int], int]
"""A time (ns UTC) as a user wrote it, given the newest time of the data."""


def parse_speed(text: str) -> float | None:
    """Seconds of data per second; None for `max`."""
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise typer.BadParameter(f"{text!r} is not a positive number or max", param_hint="--speed")
    return speed


def parse_instrument(text: str | None) -> InstrumentId | None:
    """`VENUE:SYMBOL`."""
    try:
        return None if text is None else InstrumentId.parse(text)
    except InstrumentError as error:
        raise typer.BadParameter(str(error), param_hint="--instrument") from error


def parse_timeframe(text: str) -> Timeframe:
    """`1m`, `500t` and the like."""
    try:
        return Timeframe.parse(text)
    except TimeframeError as error:
        raise typer.BadParameter(str(error), param_hint="--timeframe") from error


def parse_step(text: str | None, option: str) -> Decimal | None:
    """A positive decimal."""
    if text is None:
        return None
    try:
        step = Decimal(text)
    except InvalidOperation:
        step = Decimal(0)
    if not (step.is_finite() and step > 0):
        raise typer.BadParameter(f"{text!r} is not a positive decimal", param_hint=option)
    return step.normalize()


def parse_when(text: str | None, option: str) -> When | None:
    """What a time means once the newest time of the data is known: times of day belong to its day.

    `2024-08-08T23:55`, `2024-08-08 23:55:30.5+02:00` (UTC unless it says otherwise), `23:55`, or ns UTC.
    """
    if not text:
        return None
    if text.isdecimal() and len(text) in {18, 19}:
        return _fixed(int(text))
    try:
        clock = time.fromisoformat(text) if re.fullmatch(r"[0-9]{1,2}:[0-9:.]+", text) else None
        ns = _ns(datetime.fromisoformat(text) if clock is None else datetime.combine(date(1970, 1, 1), clock))
    except ValueError:
        example = "2024-08-08T23:55:00 or 23:55, or ns"
        raise typer.BadParameter(f"{text!r} is not a time such as {example}", param_hint=option) from None
    return _fixed(ns) if clock is None else (lambda newest: newest // DAY_NS * DAY_NS + ns)


def no_data(what: str, span: tuple[int, int] | None) -> str:
    """That --from and --to hold nothing, and what the data span (ns UTC, first and last)."""
    if span is None:
        return f"there are no {what} at all"
    first, last = (datetime.fromtimestamp(ns // 10**9, UTC).replace(tzinfo=None).isoformat() for ns in span)
    return f"--from and --to hold no {what}; the data span {first} to {last} UTC"


def _fixed(ns: int) -> When:
    return lambda _newest: ns


def _ns(moment: datetime) -> int:
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
