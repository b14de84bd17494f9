"""What a user may set: where Binance is, and how patient the feed is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from flowdeck.specs import setting

__all__ = ["BinanceSettings"]


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if not value.startswith(schemes):
            raise ValueError(f"must begin with {' or '.join(schemes)}")
        return value.rstrip("/")

    return AfterValidator(check)


WebSocketUrl = Annotated[str, _url("ws://", "wss://")]
HttpUrl = Annotated[str, _url("http://", "https://")]


class BinanceSettings(BaseModel):
    """Endpoints and patience; all of it belongs to the engine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spot_stream_url: WebSocketUrl = setting(
        "wss://stream.binance.com:9443", "Streams of spot; /stream is appended", scope="engine"
    )
    spot_rest_url: HttpUrl = setting("https://api.binance.com", "REST of spot", scope="engine")
    usdm_stream_url: WebSocketUrl = setting(
        "wss://fstream.binance.com", "Streams of USD-M futures; /market/stream is appended", scope="engine"
    )
    usdm_rest_url: HttpUrl = setting("https://fapi.binance.com", "REST of USD-M futures", scope="engine")
    connect_timeout_s: float = setting(
        10.0, "How long connecting and each REST request may take", scope="engine", unit="s", gt=0, le=120
    )
    first_data_timeout_s: float = setting(
        30.0, "How long a subscribed symbol may stay silent before the first trade", scope="engine", unit="s", gt=0
    )
    receive_timeout_s: float = setting(
        60.0, "How long a connection may stay silent before it is given up", scope="engine", unit="s", gt=0
    )
    retry_first_s: float = setting(
        1.0, "Longest wait before the first new try; it doubles with each", scope="engine", unit="s", gt=0
    )
    retry_longest_s: float = setting(60.0, "Longest wait before any new try", scope="engine", unit="s", gt=0)
