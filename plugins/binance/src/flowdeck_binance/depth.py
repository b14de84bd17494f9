"""depthUpdate frames and REST snapshots to rows of `depth`, published only while the book is known."""

from __future__ import annotations

import msgspec

from flowdeck_binance.books import BookSync, Verdict
from flowdeck_binance.messages import Book, DepthUpdate
from flowdeck_binance.rows import DepthRows
from flowdeck_binance.state import ParserState
from flowdeck_binance.times import to_ns

__all__ = ["DepthParser"]

_UPDATE = msgspec.json.Decoder(DepthUpdate, strict=False)
_BOOK = msgspec.json.Decoder(Book, strict=False)

_WAITING = "depthUpdate: no snapshot to apply it to"


class _SymbolBook:
    def __init__(self, rows: DepthRows) -> None:
        self.rows = rows
        self.sync = BookSync()


class DepthParser:
    """The books of one venue; a gap in one touches no other."""

    def __init__(self, state: ParserState) -> None:
        self._state = state
        self._books: dict[str, _SymbolBook] = {}
        self._expected = ""
        self._early: tuple[int, Book] | None = None

    def update(self, recv_ts: int, payload: bytes) -> None:
        """Parse one depthUpdate."""
        update = _UPDATE.decode(payload)
        ts = _time(update, recv_ts)
        book = self._books.get(update.symbol) or self._new_book(update.symbol)
        if not self._judge(book, update, ts) and self._early is not None:
            early, self._early = self._early, None
            self._apply(book, *early)

    def snapshot(self, recv_ts: int, payload: bytes) -> None:
        """Parse one REST depth reply: of the symbol that a control line announced, else of the only one there is."""
        book = _BOOK.decode(payload)
        ts = _time(book, recv_ts)
        symbol, self._expected = self._expected, ""
        if symbol:
            self._apply(self._books.get(symbol) or self._new_book(symbol), ts, book)
        elif len(self._books) == 1:
            self._apply(next(iter(self._books.values())), ts, book)
        elif not self._books:
            self._early = ts, book
        else:
            self._state.skipped["snapshot: of an unknown symbol"] += 1

    def expect(self, symbol: str) -> None:
        """The next REST reply is of this symbol."""
        self._expected = symbol

    def lose(self, recv_ts: int) -> None:
        """Every book is unknown until its next snapshot: the connection broke."""
        for book in self._books.values():
            if book.sync.synced:
                book.rows.gap(recv_ts)
            book.sync.lose()

    def _new_book(self, symbol: str) -> _SymbolBook:
        self._books[symbol] = _SymbolBook(self._state.depth_buffer(symbol))
        return self._books[symbol]

    def _judge(self, book: _SymbolBook, update: DepthUpdate, ts: int) -> bool:
        """Apply an event if its time has come; whether it need not wait."""
        match book.sync.event(update):
            case Verdict.APPLY:
                book.rows.add(ts, update.bids, update.asks)
                return True
            case Verdict.OLD:
                self._state.skipped["depthUpdate: older than the snapshot"] += 1
                return True
            case Verdict.GAP:
                book.rows.gap(ts)
        self._state.skipped[_WAITING] += 1
        return False

    def _apply(self, book: _SymbolBook, ts: int, snapshot: Book) -> None:
        held = book.sync.snapshot(snapshot.last)
        if held is None:
            self._state.skipped["snapshot: older than the updates at hand"] += 1
            return
        book.rows.add(ts, snapshot.bids, snapshot.asks, snapshot=True)
        self._state.skipped[_WAITING] -= len(held)
        for update in held:
            self._judge(book, update, _time(update, ts))
        if not self._state.skipped[_WAITING]:
            del self._state.skipped[_WAITING]


def _time(message: DepthUpdate | Book, recv_ts: int) -> int:
    time = message.time or message.event_time
    return to_ns(time) if time else recv_ts
