"""The open streams of one client."""

from __future__ import annotations

from flowdeck.engine import Engine
from flowdeck.kinds import Kinds, KindSpec
from flowdeck.wire import requests as ask
from flowdeck.wire.codec import Codec, Header
from flowdeck.wire.feed import Feed
from flowdeck.wire.limits import CutError
from flowdeck.wire.protocol import CloseCode, kind_to_dict, parse_dtype

__all__ = ["Feeds"]


class Feeds:
    """Opens, cancels and feeds streams; a stream is called by the id of the request that opened it.

    Args:
        engine: Whose streams.
        kinds: What can be announced.
        codec: How the client's messages are written.
        most: How many may be open at a time.
    """

    def __init__(self, engine: Engine, kinds: Kinds, codec: Codec, most: int) -> None:
        self._engine, self._kinds, self._codec, self._most = engine, kinds, codec, most
        self._feeds: dict[int, Feed] = {}

    def open(self, request: ask.Open) -> tuple[Feed, Header]:
        """Open a stream; the feed, and what is announced of it.

        Raises:
            RequestError: without an id of its own, or beyond the limit.
            StreamError: when nothing provides the key.
            CutError: when the client was built for another version or dtype of the kind.
        """
        number = request.id
        if number is None or number in self._feeds:
            raise ask.RequestError("open: needs an id of its own, which names the stream from then on")
        if len(self._feeds) >= self._most:
            raise ask.RequestError(f"open: {self._most} streams are open already; cancel some")
        wanted = request.stream_request()
        kind = self._kinds[wanted.key.kind]
        _check_announced(kind, request.kind)
        subscription = self._engine.open(wanted)
        feed = Feed(number, subscription, kind, self._codec, request.style, request.credit)
        self._feeds[number] = feed
        instrument = subscription.instrument
        return feed, {
            "stream": number,
            "key": str(subscription.key),
            "instrument": instrument.to_dict() if instrument else None,
            "kind": kind_to_dict(kind),
        }

    def give(self, request: ask.Credit) -> None:
        """The client takes more of a stream; one that is over is ignored."""
        if feed := self._feeds.get(request.stream):
            feed.credit.give(request.bytes)

    def cancel(self, number: int) -> None:
        """End a stream; one that is over is ignored."""
        if feed := self._feeds.pop(number, None):
            feed.cancel()

    def close(self) -> None:
        """End all."""
        for number in list(self._feeds):
            self.cancel(number)


def _check_announced(kind: KindSpec, announced: ask.Announced) -> None:
    if announced.version not in {None, kind.version}:
        said = f"kind {kind.name!r} is version {kind.version} here; the client reads version {announced.version}"
        raise CutError(CloseCode.PROTOCOL, "version", said)
    if announced.dtype is not None and parse_dtype(announced.dtype) != kind.dtype:
        said = f"rows of kind {kind.name!r} are {kind.dtype.itemsize} bytes of {', '.join(kind.dtype.names or ())} here"
        raise CutError(CloseCode.PROTOCOL, "dtype", f"{said}; the client reads others")
