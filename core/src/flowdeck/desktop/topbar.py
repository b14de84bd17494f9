"""The top bar: what is shown, at which price and timeframe, live or replayed, and the ways to everything else."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLayout, QLineEdit, QPushButton, QWidget
from typing_extensions import override

from flowdeck.desktop import figures
from flowdeck.desktop.labels import label, restyle
from flowdeck.desktop.look import Look
from flowdeck.desktop.widgets import Bar, IconButton, Segments, button, line, row
from flowdeck.errors import TimeframeError
from flowdeck.instruments import InstrumentId
from flowdeck.specs import FeedState
from flowdeck.timeframes import CHART_TIMEFRAMES, Timeframe

__all__ = ["TopBar"]

_DOTS = {FeedState.LIVE: "ui.ok", FeedState.STALE: "ui.warning", FeedState.DISCONNECTED: "ui.error"}
"""Colours of the live chip's dot; grey while nothing is known."""


class _Logo(QWidget):
    """Three cells of a footprint."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setFixedSize(20, 20)
        look.changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        cells = ((0, 3, 9, "trade.sell"), (6, 8, 12, "trade.buy"), (10, 13, 8, "trade.buy"), (2, 13, 6, "trade.sell"))
        for left, top, width, colour in cells:
            painter.fillRect(QRectF(left, top, width, 3), self._look.colour(colour))
        painter.end()


class _InstrumentButton(QWidget):
    """Symbol in primary, venue in secondary text; a click opens the search."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.symbol = label(size="label", weight="semibold")
        self.venue = label(tone="secondary")
        self.button = button("", "chip")
        self.button.setAccessibleName("Instrument")
        self.button.setIconSize(QSize(14, 14))
        self.button.setToolTip("Instrument search (Ctrl K)")
        self._look = look
        self._chevron = IconButton(look, "chevron", "Instrument search (Ctrl K)", kind="rowicon", size_px=14)
        self._chevron.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        for part in (self.symbol, self.venue):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = row(self.symbol, self.venue, 2, self._chevron, margins=(12, 3, 4, 3))
        inside.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)  # follows the texts and the font
        self.button.setLayout(inside)
        self.setLayout(row(self.button))

    def show_instrument(self, instrument: InstrumentId) -> None:
        """Write the names."""
        self.symbol.setText(instrument.symbol)
        self.venue.setText(figures.venue_title(instrument.venue))


class TopBar(Bar):
    """48 px at the head of the window."""

    instrument_asked = Signal()
    timeframe_chosen = Signal(Timeframe)
    live_asked = Signal()
    replay_asked = Signal()
    snapshot_asked = Signal()
    plugins_asked = Signal()
    settings_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__("topbar", look, height_px=48)
        self._look, self._running = look, ""
        self._feed: FeedState | None = None
        self._last: tuple[float, bool] | None = None
        self._instrument = _InstrumentButton(look)
        self.instrument_button = self._instrument.button
        self.instrument_button.clicked.connect(self.instrument_asked)
        self._price = label(size="price", weight="semibold", figures=True)
        self._price.setAccessibleName("Last price")
        self._price.setObjectName("last_price")
        offered = [(str(timeframe), _shown(timeframe)) for timeframe in CHART_TIMEFRAMES]
        self.timeframes = Segments(offered, name="Timeframe")
        self.timeframes.chosen.connect(lambda text: self.timeframe_chosen.emit(Timeframe.parse(text)))
        self.typed = self._typed_timeframe()
        self.live, self.replay = self._chip("Live", self.live_asked), self._chip("Replay", self.replay_asked)
        self.snapshot = IconButton(look, "camera", "Snapshot (Ctrl S)")
        self.plugins = IconButton(look, "puzzle", "Plugins")
        self.settings = IconButton(look, "gear", "Settings (Ctrl ,)")
        self._connect_icons()
        self.logo = _Logo(look)
        self._build(self.logo)
        look.changed.connect(self._paint_chips)
        look.changed.connect(self._fit_typed)
        self._fit_typed()
        self.show_live()

    def _chip(self, text: str, asked: SignalInstance) -> QPushButton:
        chip = button(text, "chip")
        chip.setCheckable(True)
        chip.clicked.connect(self._paint_chips)  # the state is marked by what happens, not by the click
        chip.clicked.connect(asked)
        return chip

    def _connect_icons(self) -> None:
        self.snapshot.clicked.connect(self.snapshot_asked)
        self.plugins.clicked.connect(self.plugins_asked)
        self.settings.clicked.connect(self.settings_asked)

    def _build(self, logo: QWidget) -> None:
        right = (self.live, self.replay, 4, line(), 4, self.snapshot, self.plugins, self.settings)
        left = (logo, 8, self._instrument, 4, self._price, 8, line(), 4, self.timeframes, self.typed)
        self.setLayout(row(*left, None, *right, margins=(14, 0, 12, 0)))

    def _typed_timeframe(self) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText("Other")
        field.setProperty("face", "figures")
        field.setAccessibleName("Other timeframe")
        field.setToolTip("Any timeframe: 30s, 7m, 2h, 3d")
        field.returnPressed.connect(self._take_typed)
        field.textEdited.connect(lambda: restyle(field, "bad", value=False))
        return field

    def _fit_typed(self) -> None:
        """As wide as a timeframe of five characters."""
        advance = QFontMetrics(self._look.figures()).horizontalAdvance("00000")
        self.typed.setFixedWidth(advance + 28)

    def _take_typed(self) -> None:
        try:
            timeframe = Timeframe.parse(self.typed.text())
        except TimeframeError as error:
            restyle(self.typed, "bad", value=True)
            self.typed.setToolTip(str(error))
            return
        self.timeframe_chosen.emit(timeframe)

    def _fold(self) -> None:
        """Leave the field for other timeframes out where the window is narrow."""
        layout = self.layout()
        assert layout is not None
        self.typed.hide()
        self.setMinimumWidth(layout.minimumSize().width())
        self.typed.setVisible(self.width() >= self.minimumWidth() + layout.spacing() + self.typed.width())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def show_instrument(self, instrument: InstrumentId) -> None:
        """Name the instrument; the price of the one before goes."""
        self._instrument.show_instrument(instrument)
        self._last = None
        self._price.setText("")

    def show_price(self, price: float | None, decimals: int, rises: bool) -> None:
        """Write the last price, in the colour of its tag at the price axis."""
        if price is None or (price, rises) == self._last:
            return
        self._last = price, rises
        restyle(self._price, "tone", "buy" if rises else "sell")
        known, words = self._price.text(), figures.price(price, decimals)
        self._price.setText(words)
        if len(words) != len(known):
            self._fold()

    def price_text(self) -> str:
        """The last price as it is written."""
        return self._price.text()

    def show_timeframe(self, timeframe: Timeframe) -> None:
        """Mark the timeframe; one that is not offered is written in the field."""
        self.timeframes.show_value(str(timeframe))
        self.typed.setText("" if timeframe in CHART_TIMEFRAMES else str(timeframe))
        self.typed.clearFocus()

    def show_live(self) -> None:
        """Mark the live chip."""
        self._running = ""
        self._paint_chips()

    def show_feed(self, state: FeedState | None) -> None:
        """What the live chip's dot says; None before anything is known."""
        if state != self._feed:
            self._feed = state
            self._paint_chips()

    def show_replay(self, speed: str) -> None:
        """Mark the replay chip, with its speed."""
        self._running = speed
        self._paint_chips()

    def _paint_chips(self) -> None:
        in_replay = bool(self._running)
        dot = "text.tertiary" if in_replay else _DOTS.get(self._feed or FeedState.CONNECTING, "text.tertiary")
        self.live.setIcon(self._look.icon("live", dot, 14))
        self.live.setToolTip("Back to live data" if in_replay else "Live data")
        self.replay.setIcon(self._look.icon("history", "ui.accent" if in_replay else "text.secondary", 16))
        self.replay.setToolTip("Choose another capture" if in_replay else "Replay a capture")
        self.replay.setText(f"Replay {self._running}" if in_replay else "Replay")
        for chip, marked in ((self.live, not in_replay), (self.replay, in_replay)):
            chip.setChecked(marked)


def _shown(timeframe: Timeframe) -> str:
    """`4h` and `1d` are written 4H and 1D."""
    text = str(timeframe)
    return text.upper() if text[-1] in "hd" else text
