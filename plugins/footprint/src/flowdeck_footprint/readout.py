"""What lies under the cursor, in words and exact figures."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from flowdeck.instruments import Instrument
from flowdeck.specs import ChartPoint, Readout, SeriesView, View
from flowdeck.timeframes import DAY_NS, SECOND_NS

__all__ = ["explain"]

Line = tuple[str, str, str]

_TO = " \N{EN DASH} "


def explain(at: ChartPoint, bars: SeriesView | None, cells: SeriesView | None) -> Readout | None:
    """The cell at a point; the bar where no cells are given; None where there is neither.

    Args:
        at: The point.
        bars: Rows of `bars`.
        cells: Rows of `footprint` as drawn, at any grouping; None where none are drawn.
    """
    place = None if bars is None else _bar_at(bars, at)
    if bars is None or place is None:
        return None
    if cells is None:
        return _of_bar(at.view, bars, place)
    return _of_cell(at, int(bars.column("ts")[place]), cells)


def _bar_at(bars: SeriesView, at: ChartPoint) -> int | None:
    """Position of the bar that holds the point's time."""
    opens = bars.column("ts")
    place = int(np.searchsorted(opens, at.ts, side="right")) - 1
    if place < 0:
        return None
    timeframe = at.view.timeframe
    return place if at.ts < timeframe.close_ns(timeframe.index(int(opens[place]))) else None


def _of_cell(at: ChartPoint, opened: int, cells: SeriesView) -> Readout | None:
    """A row between the lowest and the highest trade of the bar; zeros where nobody traded."""
    view, grouping = at.view, cells.key.grouping
    part = cells.span(opened, opened + 1)
    rows = cells.column("row")[part]
    height = float(view.instrument.tick_size) * grouping
    row = int(np.floor(at.y / height))
    if not len(rows) or not int(rows[0]) <= row <= int(rows[-1]):
        return None
    place = int(np.searchsorted(rows, row))
    held = int(rows[place]) == row
    names = ("bid_lots", "ask_lots", "bid_trades", "ask_trades")
    bid, ask, sold, bought = (int(cells.column(name)[part][place]) if held else 0 for name in names)
    low, high = view.instrument.prices([row * grouping, (row + 1) * grouping])
    lines = (
        ("Price row", f"{_price(view.instrument, low)}{_TO}{_price(view.instrument, high)}", "text.primary"),
        *_sides(view.instrument, bid, ask),
        ("Trades", f"{sold + bought:,}", "text.primary"),
    )
    x0, x1 = _columns(view, opened)
    return Readout(_title(view, opened), f"{view.timeframe} bar", lines, (x0, x1, row * height, (row + 1) * height))


def _of_bar(view: View, bars: SeriesView, place: int) -> Readout:
    values = {name: bars.column(name)[place].item() for name in ("ts", "open", "high", "low", "close", "trades")}
    sold, bought = int(bars.column("sell_lots")[place]), int(bars.column("buy_lots")[place])
    prices = [
        (name.capitalize(), _price(view.instrument, values[name]), "text.primary")
        for name in ("open", "high", "low", "close")
    ]
    lines = (*prices, *_sides(view.instrument, sold, bought), ("Trades", f"{values['trades']:,}", "text.primary"))
    x0, x1 = _columns(view, values["ts"])
    cell = (x0, x1, values["low"], values["high"])
    return Readout(_title(view, values["ts"]), f"{view.timeframe} bar", lines, cell)


def _sides(instrument: Instrument, sold: int, bought: int) -> tuple[Line, ...]:
    delta = bought - sold
    token = "trade.buy_text" if delta > 0 else "trade.sell_text" if delta < 0 else "text.primary"
    return (
        ("Bid (sold)", _quantity(instrument, sold), "trade.sell_text" if sold else "text.tertiary"),
        ("Ask (bought)", _quantity(instrument, bought), "trade.buy_text" if bought else "text.tertiary"),
        ("Delta", _quantity(instrument, delta, sign="+" if delta else ""), token),
    )


def _columns(view: View, opened: int) -> tuple[float, float]:
    closed = view.timeframe.close_ns(view.timeframe.index(opened))
    return float(opened - view.origin_ns), float(closed - view.origin_ns)


def _price(instrument: Instrument, price: float) -> str:
    return f"{price:,.{instrument.price_decimals}f}"


def _quantity(instrument: Instrument, lots: int, sign: str = "") -> str:
    """Exact, in base units, without zeros at the end beyond one."""
    text = f"{float(instrument.quantities(lots)):{sign},.{instrument.qty_decimals}f}"
    whole, point, decimals = text.partition(".")
    kept = decimals.rstrip("0") or decimals[:1]
    return f"{whole}{point}{kept}".replace("-", "\N{MINUS SIGN}")


def _title(view: View, opened: int) -> str:
    """`23:58:30 to 45`: from when to when, the end without what both share; the date for bars of a day and more."""
    closed = view.timeframe.close_ns(view.timeframe.index(opened))
    if closed - opened >= DAY_NS:
        return _time(opened, "%Y-%m-%d")
    seconds = opened % (60 * SECOND_NS) or closed % (60 * SECOND_NS)
    form = "%H:%M:%S" if seconds else "%H:%M"
    start, end = _time(opened, form), _time(closed, form)
    parts = end.split(":")
    shared = start.rpartition(":")[0] == end.rpartition(":")[0]
    return f"{start}{_TO}{parts[-1] if shared else end}"


def _time(ts: int, form: str) -> str:
    return datetime.fromtimestamp(ts // SECOND_NS, UTC).strftime(form)
