"""Reading what several commands are given; what is wrong ends with exit code 2 and one line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import typer

from flowdeck.errors import InstrumentError, TimeframeError
from flowdeck.instruments import InstrumentId
from flowdeck.timeframes import Timeframe

__all__ = ["parse_instrument", "parse_speed", "parse_step", "parse_time", "parse_timeframe"]


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


def parse_time(text: str | None, option: str) -> int | None:
    """A time in ns UTC: `2024-08-08T23:55`, `2024-08-08 23:55:30.5+02:00` (UTC unless it says otherwise), or ns."""
    if text is None:
        return None
    if text.isdecimal() and len(text) in {18, 19}:
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a time such as 2024-08-08T23:55, or ns", param_hint=option) from None
    since = (time if time.tzinfo else time.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
