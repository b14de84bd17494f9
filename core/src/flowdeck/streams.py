"""Streams: keys that name them, batches that carry them, requests that open them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np
import numpy.typing as npt

from flowdeck.errors import StreamError
from flowdeck.instruments import InstrumentId
from flowdeck.timeframes import Timeframe

__all__ = ["Batch", "EndOfHistory", "EndOfStream", "Resolution", "Rows", "StreamEvent", "StreamKey", "StreamRequest"]

Rows = npt.NDArray[np.void]
"""A numpy structured array of one kind's dtype, shape (n,)."""


@dataclass(frozen=True, order=True)
class StreamKey:
    """The name of a stream: `footprint/binance-usdm/BTCUSDT?timeframe=1m&run=r1`.

    Attributes:
        kind: Name of a registered `KindSpec`.
        instrument: Venue and symbol.
        params: Parameters as sorted (name, value) pairs; a parameter at its default is left out.
        run: Absent for live data; replay and simulated sessions carry their run's id.
    """

    kind: str
    instrument: InstrumentId
    params: tuple[tuple[str, str], ...] = ()
    run: str | None = None

    @classmethod
    def of(cls, kind: str, instrument: InstrumentId, *, run: str | None = None, **params: object) -> Self:
        """Build a key; parameters that are None are left out, the rest is written with `str`."""
        texts = sorted((name, str(value)) for name, value in params.items() if value is not None)
        return cls(kind, instrument, tuple(texts), run)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form.

        Raises:
            StreamError: when the text is not `kind/venue/symbol[?name=value&...]`.
        """
        path, _, query = text.partition("?")
        parts = path.split("/")
        if len(parts) != 3 or not all(parts):
            raise StreamError(f"stream key {text!r} is not KIND/VENUE/SYMBOL[?name=value]")
        try:
            params = dict(parse_qsl(query, strict_parsing=True)) if query else {}
        except ValueError as error:
            raise StreamError(f"stream key {text!r}: {error}") from error
        run = params.pop("run", None)
        return cls(parts[0], InstrumentId(parts[1], parts[2]), tuple(sorted(params.items())), run)

    def param(self, name: str) -> str | None:
        """The value of a parameter, or None when the key does not state it."""
        return dict(self.params).get(name)

    def derive(self, kind: str, **params: object) -> StreamKey:
        """A key of another kind for the same instrument and run."""
        return StreamKey.of(kind, self.instrument, run=self.run, **params)

    @property
    def timeframe(self) -> Timeframe:
        """The `timeframe` parameter.

        Raises:
            StreamError: when the key has none.
        """
        text = self.param("timeframe")
        if text is None:
            raise StreamError(f"{self} has no timeframe")
        return Timeframe.parse(text)

    @property
    def grouping(self) -> int:
        """The `grouping` parameter in ticks per row, 1 when the key does not state it.

        Raises:
            StreamError: when it is not a positive integer.
        """
        text = self.param("grouping") or "1"
        if not text.isdecimal() or int(text) < 1:
            raise StreamError(f"{self}: grouping must be a whole number of ticks from 1, not {text!r}")
        return int(text)

    def __str__(self) -> str:
        params = [*self.params, *([("run", self.run)] if self.run is not None else [])]
        query = "?" + urlencode(params, quote_via=quote) if params else ""
        return f"{self.kind}/{self.instrument.venue}/{self.instrument.symbol}{query}"


@dataclass(frozen=True, eq=False)
class Batch:
    """Immutable rows of one stream.

    Attributes:
        key: The stream.
        rows: Structured array of the kind's dtype, read-only, shape (n,).
        seq: Number of this batch within the stream and epoch, from 1, given by the bus; 0 before that. A batch
            of history carries the seq of the last live batch that it includes.
        epoch: Grows when what was sent before must be discarded and reopened.
        recv_ts: Local receipt of the newest row, ns UTC.
        covered: For history, the half-open interval of `ts` (ns UTC) that is complete with this batch.
        texts: Table for int32 text ids in rows.
    """

    key: StreamKey
    rows: Rows
    seq: int = 0
    epoch: int = 0
    recv_ts: int = 0
    covered: tuple[int, int] | None = None
    texts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rows.dtype.names is None or self.rows.dtype.hasobject:
            raise StreamError(f"{self.key}: rows must be a structured array without objects, not {self.rows.dtype}")
        self.rows.setflags(write=False)

    @classmethod
    def parts(cls, rows: Rows, bounds: Sequence[int], keys: Sequence[StreamKey], recv_ts: int) -> list[Self]:
        """A batch for each key that has rows: those from one of the `len(keys) + 1` growing bounds to the next.

        For aggregators, which make a batch for each of their keys many times a second: a third of the cost of calling
        the class, because nothing is checked. The rows must be of the keys' kind and read-only.
        """
        batches, new = [], object.__new__
        start = bounds[0]
        for place, end in enumerate(bounds):
            if end > start:
                batch = new(cls)
                fields = batch.__dict__  # the other fields stand at their defaults on the class
                fields["key"] = keys[place - 1]
                fields["rows"] = rows[start:end]
                fields["recv_ts"] = recv_ts
                batches.append(batch)
                start = end
        return batches

    def __len__(self) -> int:
        return len(self.rows)

    def stamped(self, seq: int, epoch: int) -> Batch:
        """The same rows under the bus's number."""
        return replace(self, seq=seq, epoch=epoch)


class Resolution(NamedTuple):
    """How coarse an answer may be: ns per column and price per row."""

    column_ns: int
    row_price: float


@dataclass(frozen=True)
class StreamRequest:
    """The one verb of reading: history from `start` to `stop`, an end mark, then live batches.

    Attributes:
        key: What to open.
        start: First `ts` wanted, ns UTC; None asks for all that is known.
        stop: End of history (exclusive), ns UTC; None means up to now. Only sensible with `live=False`.
        live: Whether live batches follow the history.
        resolution: How coarse the answer may be; never part of the key.
        order: Whether history arrives oldest or newest first.
    """

    key: StreamKey
    start: int | None = None
    stop: int | None = None
    live: bool = True
    resolution: Resolution | None = None
    order: Literal["oldest", "newest"] = "oldest"

    def __post_init__(self) -> None:
        if self.stop is not None and (self.live or (self.start is not None and self.stop < self.start)):
            raise StreamError(f"{self.key}: stop needs live=False and must not lie before start")

    def to_dict(self) -> dict[str, Any]:
        """A form fit for JSON and msgpack; `from_dict` reads it back."""
        return {
            "key": str(self.key),
            "start": self.start,
            "stop": self.stop,
            "live": self.live,
            "resolution": list(self.resolution) if self.resolution else None,
            "order": self.order,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote; absent fields take their defaults.

        Raises:
            StreamError: when a field is unknown or not of its type.
        """
        unknown = set(data) - {"key", "start", "stop", "live", "resolution", "order"}
        if unknown:
            raise StreamError(f"unknown fields in a stream request: {', '.join(sorted(unknown))}")
        key, order, resolution = data.get("key"), data.get("order", "oldest"), data.get("resolution")
        if not isinstance(key, str) or order not in {"oldest", "newest"}:
            raise StreamError("a stream request needs a key, and order is 'oldest' or 'newest'")
        try:
            return cls(
                StreamKey.parse(key),
                _optional_ns(data.get("start")),
                _optional_ns(data.get("stop")),
                bool(data.get("live", True)),
                Resolution(int(resolution[0]), float(resolution[1])) if resolution else None,
                order,
            )
        except (TypeError, ValueError, IndexError) as error:
            raise StreamError(f"not a stream request: {error}") from error


def _optional_ns(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"times are integers in ns, not {value!r}")
    return value


@dataclass(frozen=True)
class EndOfHistory:
    """All history of a request has been sent; what follows is live.

    Attributes:
        key: The stream.
        seq: Live batches continue after this number: no gap, no duplicate.
        epoch: Epoch of that number.
        covered: What history could vouch for, as half-open intervals of ns UTC.
    """

    key: StreamKey
    seq: int
    epoch: int
    covered: tuple[tuple[int, int], ...] = field(default=())


@dataclass(frozen=True)
class EndOfStream:
    """The subscription is over.

    Attributes:
        key: The stream.
        reason: `done` (history only, all sent), `closed`, `overrun` (the reader was too slow: reopen from `seq`),
            `epoch` (discard what was sent and reopen), `run` (the run was deleted) or `fault` (its plugin failed).
        seq: The last number that was delivered.
        detail: One line for the user; empty when the reason says all.
    """

    key: StreamKey
    reason: Literal["done", "closed", "overrun", "epoch", "run", "fault"]
    seq: int = 0
    detail: str = ""


StreamEvent = Batch | EndOfHistory | EndOfStream
