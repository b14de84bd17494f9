"""The readout beside the cursor: what lies under it, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from flowdeck.chart.parts import Rect
from flowdeck.chart.pens import Line, Text, box, faded, rounded, write
from flowdeck.chart.theme import sizes
from flowdeck.specs import Canvas, Font, Readout, Theme

__all__ = ["card_size", "draw_card", "joined", "place_card"]

_ORDER: Final = ("price", "bid", "ask", "delta", "volume", "imbalance", "resting", "liquidations")
_PAD_PX: Final = 12.0
_HEAD_PX: Final = 32.0
_ROW_PX: Final = 19.0
_COLUMN_GAP_PX: Final = 28.0
_LEAST_WIDTH_PX: Final = 200.0
_CURSOR_PX: Final = 16.0


def joined(readouts: Iterable[Readout]) -> Readout | None:
    """One readout from those of several layers: the first one's heading and cell, all lines in the fixed order."""
    found = list(readouts)
    if not found:
        return None
    lines = sorted((line for readout in found for line in readout.lines), key=lambda line: _rank(line[0]))
    cell = next((readout.cell for readout in found if readout.cell is not None), None)
    return replace(found[0], lines=tuple(lines), cell=cell)


def card_size(canvas: Canvas, readout: Readout) -> tuple[float, float]:
    """Width and height of the card, px."""
    size = sizes().readout
    head = canvas.text_width(readout.title, Font.FIGURES, sizes().body, bold=True)
    note = canvas.text_width(readout.note, Font.UI, sizes().small)
    widths = [head + (note + _COLUMN_GAP_PX if readout.note else 0.0)]
    for label, words, _ in readout.lines:
        name = canvas.text_width(label, Font.UI, sizes().small)
        widths.append(name + _COLUMN_GAP_PX + sum(piece.width(canvas, size) for piece in _figure(words, 0, 0)))
    height = _HEAD_PX + len(readout.lines) * _ROW_PX + (_PAD_PX if readout.lines else 0.0)
    return max(_LEAST_WIDTH_PX, max(widths) + 2 * _PAD_PX), height


def place_card(size: tuple[float, float], at: tuple[float, float], bar: tuple[float, float], room: Rect) -> Rect:
    """Right of and below the cursor, 16 px away and clear of the hovered bar; on the other side at an edge.

    Args:
        size: Width and height of the card.
        at: The cursor.
        bar: Left and right edge of the hovered bar.
        room: Where the card may stand.
    """
    width, height = size
    right = max(at[0], min(bar[1], at[0] + 200.0)) + _CURSOR_PX
    left = min(at[0], max(bar[0], at[0] - 200.0)) - _CURSOR_PX - width
    x = right if right + width <= room.right else left
    below, above = at[1] + _CURSOR_PX, at[1] - _CURSOR_PX - height
    y = below if below + height <= room.bottom else above
    x = min(max(x, room.left), max(room.left, room.right - width))
    y = min(max(y, room.top), max(room.top, room.bottom - height))
    return Rect(round(x), round(y), width, height)


def draw_card(canvas: Canvas, theme: Theme, rect: Rect, readout: Readout, scale: float) -> None:
    """Heading, hairline, and a line for each figure, aligned on the last digit."""
    rounded(canvas, rect, 8.0, faded(theme["border.strong"], sizes().readout_background), scale)
    inner = Rect(rect.left + 1, rect.top + 1, rect.width - 2, rect.height - 2)
    rounded(canvas, inner, 7.0, faded(theme["bg.overlay"], sizes().readout_background), scale)
    left, right, y = rect.left + _PAD_PX, rect.right - _PAD_PX, rect.top + _HEAD_PX / 2
    head = Text(readout.title, theme["text.primary"], Font.FIGURES, bold=True)
    write(canvas, left, y, [head], size_px=sizes().body)
    if readout.lines:
        box(canvas, Rect(left, rect.top + _HEAD_PX, right - left, 1.0), theme["border.default"])
    names, figures = Line(canvas, sizes().small), Line(canvas, sizes().readout)
    names.add(right, y, [Text(readout.note, theme["text.tertiary"])], right=True)
    y = rect.top + _HEAD_PX + _PAD_PX / 2 + _ROW_PX / 2
    for label, words, token in readout.lines:
        names.add(left, y, [Text(label, theme["text.secondary"])])
        figures.add(right, y, _figure(words, theme[token], theme["text.tertiary"]), right=True)
        y += _ROW_PX
    names.draw()
    figures.draw()


def _figure(words: str, colour: int, quiet: int) -> Sequence[Text]:
    """A figure with its words and units in quieter text."""
    result: list[Text] = []
    for part in words.split(" "):
        is_word = part.isalpha()
        gap_px = 5.0 if result else 0.0
        ink = quiet if is_word else colour
        result.append(Text(part, ink, Font.UI if is_word else Font.FIGURES, gap_px=gap_px))
    return result


def _rank(label: str) -> int:
    lowered = label.lower()
    return next((rank for rank, word in enumerate(_ORDER) if lowered.startswith(word)), len(_ORDER))
