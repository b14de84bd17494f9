"""Pages of 32 consecutive rows: the ladder of each bar, dense where it traded and absent elsewhere."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.orderflow.compiling import helper, kernel, types
from flowdeck_footprint.kernels.head import BEGIN, DIRTY, END, INDEX, PAGES, ROWS, START, STOP, USED
from flowdeck_footprint.kernels.window import ROW

__all__ = [
    "BAR",
    "NUMBER",
    "PAGE_FIELDS",
    "PAGE_ROWS",
    "PAGE_STOP",
    "SLOT",
    "add_to_bar",
    "find_pages",
    "write_changed",
    "write_pages",
]

Ints = npt.NDArray[np.int64]

PAGE_ROWS: Final = 32
SLOT, BAR, PAGE_START, PAGE_STOP, NUMBER, MASK, LISTED, ORDER, CELLS = range(9)
"""Of a page: slot, bar index, bar open and close, which 32 rows, a bit per changed row. LISTED and ORDER are columns
used as lists: the pages that changed, and those of one slot in order of bar and row. From CELLS on come the sums: bid
lots, ask lots, bid trades, ask trades of each row."""
PAGE_FIELDS: Final = CELLS + 4 * PAGE_ROWS

_BITS = 5
_NONE, _ONE, _EIGHT, _BYTE = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(0xFF)

_GRID = types.Array(types.int64, 2, "C")
_LINE = types.Array(types.int64, 1, "C")


@helper
def _hash(slot: int, bar: int, number: int, size: int) -> int:
    mixed = number * 0x9E3779B97F4A7C1 + bar * 0x2545F4914F6CDD1 + slot * 0x5851F42D4C957F2
    return (mixed ^ (mixed >> 29)) & (size - 1)


@helper
def _page_of(head: Ints, s: int, number: int, pages: Ints, table: Ints) -> int:
    """The page of these rows of the slot's bar, made when there is none."""
    bar = head[s, INDEX]
    at = _hash(s, bar, number, len(table))
    page = int(table[at])
    while page >= 0:
        if pages[page, NUMBER] == number and pages[page, BAR] == bar and pages[page, SLOT] == s:
            return page
        at = (at + 1) & (len(table) - 1)
        page = int(table[at])
    page = int(head[0, PAGES])
    head[0, PAGES] = page + 1
    table[at] = page
    pages[page, SLOT], pages[page, BAR], pages[page, NUMBER], pages[page, MASK] = s, bar, number, 0
    pages[page, PAGE_START], pages[page, PAGE_STOP] = head[s, START], head[s, STOP]
    pages[page, CELLS:] = 0
    return page


@helper
def add_to_bar(entries: Ints, count: int, head: Ints, s: int, pages: Ints, table: Ints) -> None:
    """Add entries, in order of row, to the bar in which slot `s` stands, and mark the rows as changed."""
    page = number = -1
    for i in range(count):
        row = entries[i, ROW]
        if page < 0 or row >> _BITS != number:
            number = row >> _BITS
            page = _page_of(head, s, number, pages, table)
            _list(head, pages, page)
        place = row - number * PAGE_ROWS
        for field in range(4):
            pages[page, CELLS + 4 * place + field] += entries[i, field]
        bit = 1 << place
        head[0, ROWS] += (pages[page, MASK] & bit) == 0
        pages[page, MASK] |= bit


@helper
def _list(head: Ints, pages: Ints, page: int) -> None:
    if pages[page, MASK] == 0:
        pages[head[0, DIRTY], LISTED] = page
        head[0, DIRTY] += 1


@helper
def write_changed(head: Ints, pages: Ints, out: Ints) -> None:
    """Write the changed rows of each slot in order, note in END where they end, and mark them as told."""
    at = head[0, BEGIN] = head[0, USED]
    for s in range(1, len(head)):
        for i in range(_order_pages(pages, s, head[0, DIRTY])):
            at = _write_page(pages, pages[i, ORDER], out, at)
        head[s, END] = at
    head[0, USED] = at
    head[0, DIRTY] = head[0, ROWS] = 0


@helper
def _order_pages(pages: Ints, s: int, dirty: int) -> int:
    """List the changed pages of slot `s` in order of bar and row; how many there are."""
    count = 0
    for i in range(dirty):
        page = pages[i, LISTED]
        if pages[page, SLOT] != s:
            continue
        at = count
        while at > 0 and _before(pages, page, pages[at - 1, ORDER]):
            pages[at, ORDER] = pages[at - 1, ORDER]
            at -= 1
        pages[at, ORDER] = page
        count += 1
    return count


@helper
def _before(pages: Ints, one: int, other: int) -> bool:
    if pages[one, BAR] != pages[other, BAR]:
        return bool(pages[one, BAR] < pages[other, BAR])
    return bool(pages[one, NUMBER] < pages[other, NUMBER])


@helper
def _write_row(pages: Ints, page: int, place: int, out: Ints, at: int) -> None:
    out[at, 0], out[at, 1] = pages[page, BAR], pages[page, PAGE_START]
    out[at, 2] = pages[page, NUMBER] * PAGE_ROWS + place
    for field in range(4):
        out[at, 3 + field] = pages[page, CELLS + 4 * place + field]


@helper
def _write_page(pages: Ints, page: int, out: Ints, at: int) -> int:
    mask, place = np.uint64(pages[page, MASK]), 0
    while mask != _NONE:
        if mask & _BYTE == _NONE:
            mask, place = mask >> _EIGHT, place + 8
            continue
        if mask & _ONE != _NONE:
            _write_row(pages, page, place, out, at)
            at += 1
        mask, place = mask >> _ONE, place + 1
    pages[page, MASK] = 0
    return at


@kernel(types.void(_GRID, types.int64, _LINE))
def find_pages(pages: Ints, count: int, table: Ints) -> None:
    """Fill the (empty) hash table with the first `count` pages."""
    for page in range(count):
        at = _hash(pages[page, SLOT], pages[page, BAR], pages[page, NUMBER], len(table))
        while table[at] >= 0:
            at = (at + 1) & (len(table) - 1)
        table[at] = page


@kernel(types.int64(_GRID, types.Array(types.int64, 1, "A", readonly=True), _GRID))
def write_pages(pages: Ints, order: Ints, out: Ints) -> int:
    """Write every traded row of pages in the order given, as far as `out` has room; how many there are."""
    count = 0
    for page in order:
        if page < 0 or page >= len(pages):
            continue
        for place in range(PAGE_ROWS):
            first = CELLS + 4 * place
            if (pages[page, first] | pages[page, first + 1] | pages[page, first + 2] | pages[page, first + 3]) == 0:
                continue
            if count < len(out):
                _write_row(pages, page, place, out, count)
            count += 1
    return count
