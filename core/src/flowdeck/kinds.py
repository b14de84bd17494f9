"""Kinds: what a row of each stream holds. The core registers the kinds of the market itself; plugins add theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Any

import numpy as np

from flowdeck.errors import StreamError
from flowdeck.streams import Batch, Rows

__all__ = [
    "ASK",
    "BID",
    "BUY",
    "CORE_KINDS",
    "SELL",
    "BarFlags",
    "CoverageReason",
    "DepthFlags",
    "KindSpec",
    "Kinds",
    "Mode",
]

BUY = BID = 1
SELL = ASK = -1


class Mode(StrEnum):
    """How batches of a kind combine."""

    APPEND = "append"
    """Rows are events; all of them count."""
    UPSERT = "upsert"
    """Rows are absolute; the last one with the same identity wins."""
    REPLACE = "replace"
    """The batch is the whole state."""


class DepthFlags(IntFlag):
    """Flags of a `depth` row."""

    SNAPSHOT = 1
    """Begins a full book."""
    LAST = 2
    """Ends an update."""
    GAP = 4
    """The book is unknown until the next SNAPSHOT."""


class BarFlags(IntFlag):
    """Flags of a `bars` row."""

    LIVE = 1
    """The bar is still open."""
    INCOMPLETE = 2
    """The bar touches a gap in coverage."""


class CoverageReason(StrEnum):
    """Why a covered interval ended; the text of a `coverage` row's reason."""

    OPEN = "open"
    CLOSED = "closed"
    GAP = "gap"


@dataclass(frozen=True)
class KindSpec:
    """What one kind of stream carries.

    Attributes:
        name: The kind's name in stream keys.
        dtype: Structured dtype of a row, packed, without objects.
        version: Grows when the dtype changes; announced on the wire.
        mode: How batches combine.
        identity: For upsert kinds, the fields that identify a row.
        time: The field that history is cut and ordered by, ns UTC.
    """

    name: str
    dtype: np.dtype[np.void]
    version: int
    mode: Mode
    identity: tuple[str, ...] = ()
    time: str = "ts"

    def __post_init__(self) -> None:
        names = self.dtype.names or ()
        if not names or self.dtype.hasobject:
            raise StreamError(f"kind {self.name!r}: dtype must be structured and without objects")
        missing = [field for field in (*self.identity, self.time) if field not in names]
        if missing:
            raise StreamError(f"kind {self.name!r}: dtype has no field {', '.join(missing)}")
        if (self.mode is Mode.UPSERT) != bool(self.identity):
            raise StreamError(f"kind {self.name!r}: upsert kinds, and only they, name identity fields")

    def empty(self, n: int = 0) -> Rows:
        """`n` zeroed rows."""
        return np.zeros(n, self.dtype)

    def rows(self, columns: Mapping[str, Any]) -> Rows:
        """Rows from columns of equal length; fields without a column are zero.

        Raises:
            StreamError: for a column that the kind does not have.
        """
        unknown = set(columns) - set(self.dtype.names or ())
        if unknown:
            raise StreamError(f"kind {self.name!r} has no field {', '.join(sorted(unknown))}")
        result = self.empty(len(next(iter(columns.values()))))
        for name, values in columns.items():
            result[name] = values
        return result

    def check(self, batch: Batch) -> None:
        """Raise StreamError unless the batch's rows are of this kind's dtype."""
        if batch.rows.dtype != self.dtype:
            raise StreamError(f"{batch.key}: rows are {batch.rows.dtype}, kind {self.name!r} carries {self.dtype}")


class Kinds:
    """The kinds known to a process, by name."""

    def __init__(self, specs: Iterable[KindSpec] = ()) -> None:
        self._specs: dict[str, KindSpec] = {}
        for spec in specs:
            self.add(spec)

    def add(self, spec: KindSpec) -> None:
        """Register a kind.

        Raises:
            StreamError: when the name is taken by a different spec.
        """
        known = self._specs.setdefault(spec.name, spec)
        if known != spec:
            raise StreamError(f"kind {spec.name!r} is already registered with another row")

    def remove(self, name: str) -> None:
        """Forget a kind; one that is not known is ignored."""
        self._specs.pop(name, None)

    def __getitem__(self, name: str) -> KindSpec:
        try:
            return self._specs[name]
        except KeyError:
            known = ", ".join(sorted(self._specs))
            raise StreamError(f"no kind {name!r} is registered; known are {known}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __iter__(self) -> Iterator[KindSpec]:
        return iter(self._specs.values())


def _kind(name: str, mode: Mode, fields: str, identity: str = "", time: str = "ts") -> KindSpec:
    dtype = np.dtype([(part.split(":")[0], part.split(":")[1]) for part in fields.split()])
    return KindSpec(name, dtype, 1, mode, tuple(identity.split()), time)


CORE_KINDS = (
    _kind("trades", Mode.APPEND, "ts:i8 price:f8 qty:f8 id:i8 recv_ts:i8 count:i4 side:i1"),
    _kind("depth", Mode.APPEND, "ts:i8 price:f8 qty:f8 side:i1 flags:u1"),
    _kind("quotes", Mode.APPEND, "ts:i8 bid:f8 bid_qty:f8 ask:f8 ask_qty:f8"),
    _kind("liquidations", Mode.APPEND, "ts:i8 price:f8 qty:f8 order_price:f8 side:i1 flags:u1"),
    _kind("mark", Mode.APPEND, "ts:i8 mark_price:f8 index_price:f8 funding_rate:f8 next_funding_ts:i8"),
    _kind("open_interest", Mode.APPEND, "ts:i8 qty:f8"),
    _kind(
        "instruments",
        Mode.UPSERT,
        "venue:i4 symbol:i4 valid_from:i8 tick_size:f8 lot_size:f8 base:i4 quote:i4 price_decimals:i1 qty_decimals:i1",
        "venue symbol valid_from",
        time="valid_from",
    ),
    _kind("coverage", Mode.UPSERT, "kind:i4 ts_from:i8 ts_to:i8 reason:i4", "kind ts_from", time="ts_from"),
    _kind(
        "bars",
        Mode.UPSERT,
        "index:i8 ts:i8 open:f8 high:f8 low:f8 close:f8 buy_lots:i8 sell_lots:i8 trades:i8"
        " delta_min:i8 delta_max:i8 flags:u1",
        "index",
    ),
    _kind(
        "footprint",
        Mode.UPSERT,
        "index:i8 ts:i8 row:i8 bid_lots:i8 ask_lots:i8 bid_trades:i8 ask_trades:i8",
        "index row",
    ),
    _kind("book", Mode.REPLACE, "ts:i8 price:f8 qty:f8 side:i1"),
    _kind("log", Mode.APPEND, "ts:i8 level:i1 text:i4"),
)
"""The kinds of the market itself. `bars` and `footprint` stand here so that every reader has one row to agree on."""
