"""`flowdeck export`: streams as CSV or Parquet."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowdeck.cli import _app
from flowdeck.cli._arguments import no_data, parse_instrument, parse_step, parse_timeframe, parse_when

if TYPE_CHECKING:
    from flowdeck.cli._exporting import Exported, Order

__all__ = ["export"]


class _Kind(StrEnum):
    TRADES = "trades"
    BARS = "bars"
    FOOTPRINT = "footprint"


def export(
    kind: Annotated[_Kind, typer.Argument(help="What to write.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The table: .csv or .parquet.")],
    capture: Annotated[
        Path | None,
        typer.Option("--capture", metavar="FILE", help="Read this capture.", show_default=False, readable=False),
    ] = None,
    attach: Annotated[
        str | None, typer.Option("--attach", metavar="URL", help="Read the engine at this address.", show_default=False)
    ] = None,
    instrument: Annotated[
        str | None,
        typer.Option("--instrument", metavar="VENUE:SYMBOL", help="Of which instrument.", show_default=False),
    ] = None,
    timeframe: Annotated[str, typer.Option("--timeframe", help="Of bars and footprint: 15s, 1m, 4h, …")] = "1m",
    grouping: Annotated[int, typer.Option("--grouping", min=1, help="Of the footprint: ticks in a row.")] = 1,
    tick_size: Annotated[
        str | None,
        typer.Option("--tick-size", metavar="PRICE", help="Of the footprint; else as stated.", show_default=False),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From this time on, UTC.", show_default=False)
    ] = None,
    stop: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Up to this time, exclusive.", show_default=False)
    ] = None,
    as_json: _app.Json = False,
) -> None:
    """Write trades, bars or footprint cells as a table, exact to the last digit.

    Times are UTC: 2024-08-08T23:55:00, or 23:55 on the day of the newest data; in the table they are ns, a bar's is its
    open. Quantities are in base units; row = tick // grouping. Without --tick-size the exchange's own is taken where
    the capture states it, else it is inferred from the prices, which is said.
    Without --capture the engine on this machine is read.

    Example:
        flowdeck export footprint --capture usdm.gz --timeframe 1m --grouping 10 --tick-size 0.1 --out cells.csv
        flowdeck export bars --capture usdm.gz --timeframe 15s --out bars.parquet
        flowdeck export trades --instrument binance-usdm:BTCUSDT --from 2026-11-20T10:00 --out trades.csv
    """
    if out.suffix not in {".csv", ".parquet"}:
        raise typer.BadParameter(f"{str(out)!r} ends neither in .csv nor in .parquet", param_hint="--out")
    if capture is not None and attach is not None:
        raise typer.BadParameter("give a capture or an engine, not both", param_hint="--attach")
    if tick_size is not None and kind is not _Kind.FOOTPRINT:
        raise typer.BadParameter(f"{kind} have no rows of ticks", param_hint="--tick-size")
    wanted, step = parse_instrument(instrument), parse_step(tick_size, "--tick-size")
    frame, begin, end = parse_timeframe(timeframe), parse_when(start, "--from"), parse_when(stop, "--to")
    from flowdeck.cli._exporting import Order, export_attached, export_capture

    order = Order(str(kind), out, wanted, frame, grouping, step, begin, end)
    if capture is not None:
        exported = asyncio.run(export_capture(order, capture))
    else:
        exported = asyncio.run(export_attached(order, attach))
    _report(order, exported, as_json=as_json)


def _report(order: Order, exported: Exported, *, as_json: bool) -> None:
    instrument = exported.instrument
    if instrument.provisional and order.tick_size is None:
        _app.notice(
            f"{instrument.id}: tick size {instrument.tick_size:f} and lot size {instrument.lot_size:f}"
            " are inferred from the data, not stated by the exchange"
            + ("; --tick-size states the first" if order.kind == "footprint" else "")
        )
    if exported.off_tick:
        _app.notice(f"{exported.off_tick} trades lie between ticks of {order.tick_size:f}; each is at the nearest")
    for line in exported.problems[:5]:
        _app.notice(line)
    if exported.problem_count > 5:
        _app.notice(f"{exported.problem_count} problems in all")
    if not exported.rows and order.has_range:
        _app.notice(no_data(order.kind, exported.span))
    if as_json:
        _app.print_json(_facts(order, exported))
    else:
        typer.echo(f"{order.out}: {exported.rows} rows of {order.kind}, {instrument.id}")


def _facts(order: Order, exported: Exported) -> dict[str, Any]:
    instrument = exported.instrument
    return {
        "out": str(order.out),
        "kind": order.kind,
        "rows": exported.rows,
        "data_from_ns": exported.span[0] if exported.span else None,
        "data_to_ns": exported.span[1] if exported.span else None,
        "instrument": str(instrument.id),
        "tick_size": str(order.tick_size or instrument.tick_size),
        "lot_size": str(instrument.lot_size),
        "inferred": instrument.provisional,
        "skipped": dict(exported.skipped),
        "problems": list(exported.problems),
        "problem_count": exported.problem_count,
        "off_tick": exported.off_tick,
    }
