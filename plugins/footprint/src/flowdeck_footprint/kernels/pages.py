"""Pages of 32 consecutive rows: the ladder of each bar, dense where it traded and absent elsewhere."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from flowdeck.compiling import helper, kernel, types
from flowdeck_footprint.kernels.head import BEGIN, DIRTY, END, HASH, INDEX, PAGES, ROWS, START, STOP, USED
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
PLACES: Final = CELLS + 4 * PAGE_ROWS
"""Behind the cells each page lends four places to the hash table of all pages: -1 where empty."""
PAGE_FIELDS: Final = PLACES + 4

_BITS = 5
_NONE, _ONE, _EIGHT, _BYTE = np.uint64(0), np.uint64(1), np.uint64(8), np.uint64(0xFF)

_GRID = types.Array(types.int64, 2, "C")


@helper
def _hash(slot: int, bar: int, number: int, mask: int) -> int:
    mixed = number * 0x9E3779B97F4A7C1 + bar * 0x2545F4914F6CDD1 + slot * 0x5851F42D4C957F2
    return (mixed ^ (mixed >> 29)) & mask


@helper
def _page_of(head: Ints, s: int, number: int, pages: Ints) -> int:
    """The page of these rows of the slot's bar, made when there is none."""
    bar, mask = head[s, INDEX], head[0, HASH]
    at = _hash(s, bar, number, mask)
    page = int(pages[at >> 2, PLACES + (at & 3)])
    while page >= 0:
        if pages[page, NUMBER] == number and pages[page, BAR] == bar and pages[page, SLOT] == s:
            return page
        at = (at + 1) & mask
        page = int(pages[at >> 2, PLACES + (at & 3)])
    page = int(head[0, PAGES])
    head[0, PAGES] = page + 1
    pages[at >> 2, PLACES + (at & 3)] = page
    pages[page, SLOT], pages[page, BAR], pages[page, NUMBER], pages[page, MASK] = s, bar, number, 0
    pages[page, PAGE_START], pages[page, PAGE_STOP] = head[s, START], head[s, STOP]
    pages[page, CELLS:PLACES] = 0
    return page


@helper
def add_to_bar(entries: Ints, count: int, head: Ints, s: int, pages: Ints) -> None:
    """Add entries, in order of row, to the bar in which slot `s` stands, and mark the rows as changed."""
    page = number = -1
    for i in range(count):
        row = entries[i, ROW]
        if page < 0 or row >> _BITS != number:
            number = row >> _BITS
            page = _page_of(head, s, number, pages)
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
def write_changed(head: Ints, pages: Ints, out: Ints, runs: int) -> None:
    """Write the rows of each slot that `runs` runs changed, in order, note in END where they end; all is told then."""
    at = head[0, BEGIN] = head[0, USED]
    done = 0
    for s in range(1, len(head)):
        if runs == 1:  # as in most live batches: the list is in order, slot by slot
            while done < head[0, DIRTY] and pages[pages[done, LISTED], SLOT] == s:
                at = _write_page(pages, pages[done, LISTED], out, at)
                done += 1
        else:
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


@kernel(types.int64(_GRID, types.int64))
def find_pages(pages: Ints, count: int) -> int:
    """Fill the hash table with the first `count` pages; the mask of its places, at least twice as many as pages."""
    mask = 1
    while 2 * (mask + 1) <= 4 * len(pages):
        mask = 2 * mask + 1
    pages[:, PLACES:] = -1
    for page in range(count):
        at = _hash(pages[page, SLOT], pages[page, BAR], pages[page, NUMBER], mask)
        while pages[at >> 2, PLACES + (at & 3)] >= 0:
            at = (at + 1) & mask
        pages[at >> 2, PLACES + (at & 3)] = page
    return mask


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
