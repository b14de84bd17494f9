"""Streams as tables: exact decimals, one row of text or Parquet a row of the stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from flowdeck.errors import FlowdeckError
from flowdeck.instruments import Instrument
from flowdeck.streams import Rows

__all__ = ["KINDS", "TableWriter", "regroup", "table", "trades_off_tick", "writing"]

Ints = npt.NDArray[np.int64]

KINDS = ("trades", "bars", "footprint")
"""Kinds that can be exported."""

_INT64 = 2**63
_PLAIN_SCALE = 6  # digits behind the point up to which Arrow writes decimals without an exponent

_INTEGERS = {
    "trades": ("ts", "side", "id", "count", "recv_ts"),
    "bars": ("index", "ts", "trades", "flags"),
    "footprint": ("ts", "row", "bid_trades", "ask_trades"),
}
_PRICES = {"trades": ("price",), "bars": ("open", "high", "low", "close"), "footprint": ()}
_LOTS: dict[str, dict[str, str]] = {
    "trades": {},
    "bars": {"buy_qty": "buy_lots", "sell_qty": "sell_lots", "delta_min": "delta_min", "delta_max": "delta_max"},
    "footprint": {"bid_qty": "bid_lots", "ask_qty": "ask_lots"},
}
_ORDER = {
    "trades": ("ts", "price", "qty", "side", "id", "count", "recv_ts"),
    "bars": (
        *("index", "ts", "open", "high", "low", "close", "buy_qty", "sell_qty"),
        *("trades", "delta_min", "delta_max", "flags"),
    ),
    "footprint": ("ts", "row", "bid_qty", "ask_qty", "bid_trades", "ask_trades"),
}


def table(kind: str, rows: Rows, instrument: Instrument, decimals: int = 0) -> pa.Table:
    """Rows of a kind as a table: times in ns, prices and base quantities as exact decimals.

    Args:
        kind: One of `KINDS`.
        rows: Its rows.
        instrument: The steps that they are written in.
        decimals: Digits behind the point that are written at least.
    """

    def price(name: str) -> pa.Array:
        return _decimals(instrument.ticks(rows[name]), instrument.tick_size, decimals)

    columns: dict[str, pa.Array] = {name: pa.array(rows[name]) for name in _INTEGERS[kind]}
    columns |= {name: price(name) for name in _PRICES[kind]}
    columns |= {name: _decimals(rows[lots], instrument.lot_size, decimals) for name, lots in _LOTS[kind].items()}
    if kind == "trades":
        columns["qty"] = _decimals(instrument.lots(rows["qty"]), instrument.lot_size, decimals)
    return pa.table({name: columns[name] for name in _ORDER[kind]})


def regroup(rows: Rows, instrument: Instrument, tick_size: Decimal, grouping: int) -> Rows:
    """Footprint rows of one tick each, re-binned through the price at another tick size.

    Args:
        rows: Rows of `footprint` at grouping 1, sorted by bar.
        instrument: The steps that they were made with.
        tick_size: The tick size wanted.
        grouping: Ticks a row.

    Returns:
        Rows of `footprint`, one per bar and new row, sorted; volumes and trades are summed exactly.
    """
    ticks = replace(instrument, tick_size=tick_size).ticks(instrument.prices(rows["row"]))
    places = np.stack((rows["index"], ticks // grouping))
    (index, row), where = np.unique(places, axis=1, return_inverse=True)
    result: Rows = np.zeros(len(index), rows.dtype)
    result["index"], result["row"] = index, row
    result["ts"][where] = rows["ts"]
    for name in ("bid_lots", "ask_lots", "bid_trades", "ask_trades"):
        sums = np.zeros(len(index), np.int64)
        np.add.at(sums, where, rows[name])
        result[name] = sums
    return result


def trades_off_tick(rows: Rows, instrument: Instrument, tick_size: Decimal) -> int:
    """How many trades of footprint rows, of one tick each, have a price that is no multiple of another tick size."""
    off = replace(instrument, tick_size=tick_size).off_tick(instrument.prices(rows["row"]))
    return int(rows["bid_trades"][off].sum() + rows["ask_trades"][off].sum())


def _decimals(steps: Ints, step: Decimal, least: int) -> pa.Array:
    """Counts of a step as decimals with all the digits that the step has, and no fewer than `least`."""
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    scale = max(least, -exponent)
    factor = int(step.scaleb(scale))
    if np.abs(steps).max(initial=0) >= _INT64 // factor:
        return pa.array([Decimal(count * factor).scaleb(-scale) for count in steps.tolist()], pa.decimal128(38, scale))
    units = np.ascontiguousarray(steps, np.int64) * factor
    words = np.column_stack((units, units >> 63))  # 128 bits, little-endian, sign extended
    return pa.Array.from_buffers(pa.decimal128(38, scale), len(units), [None, pa.py_buffer(words.tobytes())])


def _plain(part: pa.Table) -> pa.Table:
    """The table with its decimals as text, never with an exponent, which Arrow writes below 1e-6."""
    for place, field in enumerate(part.schema):
        if pa.types.is_decimal(field.type) and field.type.scale > _PLAIN_SCALE:
            texts = pa.array([f"{value:f}" for value in part.column(place).to_pylist()], pa.string())
            part = part.set_column(place, field.name, texts)
    return part


class TableWriter:
    """Writes tables of one schema to a CSV or Parquet file, which appears under its name once it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._partial = path.with_name(f".{path.name}.partial")
        self._writer: Any = None

    def write(self, part: pa.Table) -> None:
        """Append a table."""
        if self.path.suffix != ".parquet":
            part = _plain(part)
        if self._writer is None:
            self._writer = self._open(part.schema)
        self._writer.write(part)
        self.rows += len(part)

    def _open(self, schema: pa.Schema) -> Any:
        if self.path.suffix == ".parquet":
            return pa.parquet.ParquetWriter(self._partial, schema, compression="zstd")
        self._file = self._partial.open("wb")
        self._file.write(",".join(schema.names).encode() + b"\n")
        options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
        return pa.csv.CSVWriter(self._file, schema, write_options=options)

    def finish(self) -> None:
        """Close the file and give it its name."""
        self._close()
        self._partial.replace(self.path)

    def abandon(self) -> None:
        """Delete what was written; a disk that is full refuses the last bytes also now."""
        try:
            self._close()
        except OSError:
            pass
        finally:
            self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            if self.path.suffix != ".parquet":
                self._file.close()


@contextmanager
def writing(path: Path) -> Iterator[TableWriter]:
    """A writer whose file is complete or absent.

    Raises:
        FlowdeckError: when it cannot be written; one line with the path.
    """
    writer = TableWriter(path)
    done = False
    try:
        yield writer
        writer.finish()
        done = True
    except OSError as error:
        raise FlowdeckError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        if not done:
            writer.abandon()
