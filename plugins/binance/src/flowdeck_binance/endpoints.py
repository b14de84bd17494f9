"""Where each venue's streams and REST live (shared rules: docs/captures.md and Binance's own pages)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowdeck_binance.recognise import SPOT, USDM
from flowdeck_binance.settings import BinanceSettings

__all__ = ["Endpoint", "endpoint", "trade_stream"]


@dataclass(frozen=True)
class Endpoint:
    """The addresses of one venue.

    Attributes:
        venue: `binance-spot` or `binance-usdm`.
        streams: Base of combined streams, on the route that serves trades.
        exchange_info: REST address of the instruments.
    """

    venue: str
    streams: str
    exchange_info: str

    def combined(self, symbols: Iterable[str]) -> str:
        """Address of one connection for the trades of these symbols."""
        return f"{self.streams}?streams={'/'.join(map(trade_stream, sorted(symbols)))}"


def endpoint(settings: BinanceSettings, venue: str) -> Endpoint:
    """The addresses of a venue as set."""
    if venue == SPOT:
        return Endpoint(venue, f"{settings.spot_stream_url}/stream", f"{settings.spot_rest_url}/api/v3/exchangeInfo")
    # since 2026 USD-M serves trades on /market only; the bare root acknowledges and then stays silent
    streams = f"{settings.usdm_stream_url}/market/stream"
    return Endpoint(USDM, streams, f"{settings.usdm_rest_url}/fapi/v1/exchangeInfo")


def trade_stream(symbol: str) -> str:
    """Name of a symbol's stream; one in upper case would be acknowledged and stay silent."""
    return f"{symbol.lower()}@aggTrade"
