"""The instrument search: type a part of a symbol, or VENUE:SYMBOL, and press Return."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget
from typing_extensions import override

from flowdeck.desktop import figures
from flowdeck.desktop.labels import restyle
from flowdeck.errors import InstrumentError
from flowdeck.instruments import InstrumentId

__all__ = ["InstrumentMenu", "read_instrument"]

_SHOWN = 200


def read_instrument(text: str, venue: str) -> InstrumentId:
    """`VENUE:SYMBOL`, or a symbol of `venue`.

    Raises:
        InstrumentError: when it is neither.
    """
    text = text.strip()
    return InstrumentId.parse(text if ":" in text else f"{venue}:{text}")


class InstrumentMenu(QFrame):
    """A popup with a search field; `chosen` carries the instrument."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "card")
        self._known: tuple[InstrumentId, ...] = ()
        self._venue = ""
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search, or VENUE:SYMBOL")
        self.field.textEdited.connect(self._filter)
        self.field.returnPressed.connect(self._take)
        self.list = QListWidget()
        self.list.itemClicked.connect(lambda item: self._choose(item.data(Qt.ItemDataRole.UserRole)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.setFixedSize(320, 360)

    def open_at(self, place: QPoint, known: Iterable[InstrumentId], current: InstrumentId) -> None:
        """Show it with these instruments."""
        self._known = tuple(sorted({*known, current}, key=lambda each: (each.symbol, each.venue)))
        self._venue = current.venue
        self.field.clear()
        self._filter("")
        self.move(place)
        self.show()
        self.field.setFocus()

    def _filter(self, text: str) -> None:
        restyle(self.field, "bad", value=False)
        wanted = text.strip().casefold()
        self.list.clear()
        fitting = [each for each in self._known if wanted in f"{each} {each.symbol}".casefold()]
        fitting.sort(key=lambda each: not each.symbol.casefold().startswith(wanted))
        for instrument in fitting[:_SHOWN]:
            item = QListWidgetItem(f"{instrument.symbol}   {figures.venue_title(instrument.venue)}", self.list)
            item.setData(Qt.ItemDataRole.UserRole, instrument)
        self.list.setCurrentRow(0 if fitting else -1)

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is not None and ":" not in self.field.text():
            self._choose(item.data(Qt.ItemDataRole.UserRole))
            return
        try:
            self._choose(read_instrument(self.field.text(), self._venue))
        except InstrumentError as error:
            restyle(self.field, "bad", value=True)
            self.field.setToolTip(str(error))

    def _choose(self, instrument: InstrumentId) -> None:
        self.hide()
        self.chosen.emit(instrument)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step:
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
