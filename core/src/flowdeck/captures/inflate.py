"""Gzip members to text in bounded memory, going on after damage with the next member.

`gzip.GzipFile` ends at the first damaged byte and keeps back what it decoded just before; a capture that was cut off
by kill -9 or a full disk must stay readable up to its last good line.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["GZIP_MAGIC", "Damage", "Inflater"]

GZIP_MAGIC = b"\x1f\x8b\x08"

_READ = 16 * 1024  # about 120 KiB of text, which stays in a core's own cache
_LARGEST_PIECE = 1024 * 1024  # of text, so that 64 KiB of zeros squeezed a thousandfold stay within bounds


@dataclass(frozen=True)
class Damage:
    """A break in the data: what was torn off before it is incomplete, what follows begins anew.

    Attributes:
        reason: One line.
    """

    reason: str


class Inflater:
    """Decompresses a file of gzip members piece by piece.

    Attributes:
        position: Compressed bytes consumed so far, counted from the file's start.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = b""
        self._member: zlib._Decompress | None = None
        self._lost = False
        self.position = file.tell()

    def pieces(self) -> Iterator[bytes | Damage]:
        """Text of at most about 1 MiB a piece; a `Damage` wherever the data breaks."""
        while self._fill():
            if self._member is None and not self._begin():
                if not self._lost:
                    yield Damage("what follows is not gzip data")
                self._lost = True
                continue
            yield from self._decode()
        if self._member is not None:
            yield Damage("the file is cut off here, inside compressed data")

    def _fill(self) -> bool:
        if not self._data:
            self._data = self._file.read(_READ)
            self.position += len(self._data)
        return bool(self._data)

    def _begin(self) -> bool:
        """Start the member at hand, or skip to where the next one may begin."""
        data = self._data
        if len(data) < len(GZIP_MAGIC):
            self._data = data = data + self._read()
        if not data.strip(b"\0"):  # padding after the last member is allowed
            self._data = b""
            return True
        if data.startswith(GZIP_MAGIC):
            self._member = zlib.decompressobj(wbits=31)
            return True
        self._skip()
        return False

    def _read(self) -> bytes:
        data = self._file.read(_READ)
        self.position += len(data)
        return data

    def _skip(self) -> None:
        found = self._data.find(GZIP_MAGIC, 1)
        # the last bytes may be the beginning of a magic that the next read completes
        keep = found if found >= 0 else max(1, len(self._data) - len(GZIP_MAGIC) + 1)
        self._data = self._data[keep:]

    def _decode(self) -> Iterator[bytes | Damage]:
        while self._data and self._member is not None:
            before = self._member.copy()
            try:
                piece = self._member.decompress(self._data, _LARGEST_PIECE)
            except zlib.error as error:
                yield from self._rescue(before, str(error))
                return
            if piece:
                self._lost = False
                yield piece
            self._advance(self._member)

    def _advance(self, member: zlib._Decompress) -> None:
        if member.eof:
            self._data, self._member = member.unused_data, None
        else:
            self._data = member.unconsumed_tail

    def _rescue(self, before: zlib._Decompress, error: str) -> Iterator[bytes | Damage]:
        """Yield what can be decoded ahead of the damage byte by byte, then look for the next member."""
        piece = bytearray()
        for i in range(len(self._data)):
            try:
                piece += before.decompress(self._data[i : i + 1], _LARGEST_PIECE)
            except zlib.error:
                break
        if piece:
            self._lost = False
            yield bytes(piece)
        if not self._lost:
            yield Damage(f"the compressed data is damaged ({error.rpartition(': ')[2]})")
        self._lost, self._member = True, None
        self._skip()
