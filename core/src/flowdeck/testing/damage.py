"""What happens to captures: torn tails, flipped bytes, lines that no parser may accept."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DAMAGED_LINES", "damage", "tear"]


def tear(path: Path, count: int) -> Path:
    """Cut the last bytes off a file, as kill -9 or a full disk does; the path."""
    path.write_bytes(path.read_bytes()[:-count])
    return path


def damage(path: Path, offset: int, count: int = 1) -> Path:
    """Flip the bits of some bytes of a file; the path."""
    data = bytearray(path.read_bytes())
    for i in range(offset, offset + count):
        data[i] ^= 0xFF
    path.write_bytes(bytes(data))
    return path


_TRADE = '{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":%s,"p":%s,"q":%s,"m":false,"T":%s}}'


def _trade(trade_id: str = "77", price: str = '"100.0"', qty: str = '"1"', time: str = "1700000040000") -> bytes:
    return (_TRADE % (trade_id, price, qty, time)).encode()


DAMAGED_LINES = {
    "not JSON": b"hello, this is no frame",
    "cut JSON": _trade()[:70],
    "cut UTF-8": '{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTC\u20ac'.encode()[:-1],
    "bad UTF-8": _trade().replace(b"BTCUSDT", b"BTC\xff\xfe"),
    "binary garbage": bytes(range(11, 256)),
    "nested without end": b"[" * 50_000,
    "price 0": _trade(price='"0"'),
    "price below 0": _trade(price='"-5"'),
    "price NaN": _trade(price='"NaN"'),
    "price infinite": _trade(price='"Infinity"'),
    "price 1e308": _trade(price='"1e308"'),
    "price bare NaN": _trade(price="NaN"),
    "price no number": _trade(price='"abc"'),
    "price missing": _trade(price="null"),
    "qty 0": _trade(qty='"0"'),
    "qty below 0": _trade(qty='"-1"'),
    "qty 1e308": _trade(qty='"1e308"'),
    "id below 0": _trade(trade_id="-1"),
    "id beyond 64 bits": _trade(trade_id="99999999999999999999"),
    "time in s": _trade(time="1700000040"),
    "time in ns": _trade(time="1700000040000000000"),
    "time below 0": _trade(time="-1"),
}
"""What stands behind the receipt time of a line that no parser may accept, by what is wrong with it."""
