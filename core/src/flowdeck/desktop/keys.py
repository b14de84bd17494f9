"""The keyboard: what each key does, and the list that `?` shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from flowdeck.chart.host import ChartHost
from flowdeck.timeframes import CHART_TIMEFRAMES

__all__ = ["CHART_KEYS", "SHORTCUTS", "Shortcut", "navigate"]

_ZOOM = 1.25


@dataclass(frozen=True)
class Shortcut:
    """One line of the shortcut list.

    Attributes:
        keys: The key sequences that do it, in Qt's text form.
        shown: How the list writes them.
        text: What it does.
        action: Name of the window's action.
        argument: Handed to the action; empty calls it without one.
    """

    keys: tuple[str, ...]
    shown: str
    text: str
    action: str
    argument: str = ""


SHORTCUTS = (
    *(
        Shortcut((str(number),), str(number), f"Timeframe {timeframe}", "show_timeframe", str(timeframe))
        for number, timeframe in enumerate(CHART_TIMEFRAMES, 1)
    ),
    Shortcut(("F",), "F", "Fit both axes", "fit"),
    Shortcut(("R",), "R", "Larger price rows", "larger_rows"),
    Shortcut(("Shift+R",), "Shift R", "Smaller price rows", "smaller_rows"),
    Shortcut(("L",), "L", "To live", "to_live"),
    Shortcut(("D",), "D", "Dock on, off", "toggle_dock"),
    Shortcut((",",), ",", "Step replay back", "replay_back"),
    Shortcut((".",), ".", "Step replay forward", "replay_forward"),
    Shortcut(("Ctrl+K",), "Ctrl K", "Instrument search", "search_instruments"),
    Shortcut(("Ctrl+S",), "Ctrl S", "Snapshot", "snapshot"),
    Shortcut(("Ctrl+,",), "Ctrl ,", "Settings", "show_settings"),
    Shortcut(("?",), "?", "This list", "show_shortcuts"),
)
"""Keys that work in the whole window; a text field that is being typed into keeps its letters."""

CHART_KEYS = (
    ("← →", "Pan one bar"),
    ("↑ ↓", "Pan one price row"),
    ("+ −", "Zoom time"),  # noqa: RUF001 - the sign on the key cap
    ("Shift + −", "Zoom price"),  # noqa: RUF001 - as above
    ("Space", "Pause or play the replay"),
    ("Esc", "Unpin the readout"),
)
"""Keys that work while the chart has the focus."""

_NAVIGATION: dict[tuple[Qt.Key, bool], Callable[[ChartHost], None]] = {
    (Qt.Key.Key_Left, False): lambda host: host.pan_steps(1, 0),
    (Qt.Key.Key_Right, False): lambda host: host.pan_steps(-1, 0),
    (Qt.Key.Key_Up, False): lambda host: host.pan_steps(0, 1),
    (Qt.Key.Key_Down, False): lambda host: host.pan_steps(0, -1),
    # Where + is a shifted =, the key without Shift is =; where + has its own key, Shift makes it *.
    (Qt.Key.Key_Plus, False): lambda host: host.zoom(_ZOOM, 1.0),
    (Qt.Key.Key_Equal, False): lambda host: host.zoom(_ZOOM, 1.0),
    (Qt.Key.Key_Minus, False): lambda host: host.zoom(1 / _ZOOM, 1.0),
    (Qt.Key.Key_Plus, True): lambda host: host.zoom(1.0, _ZOOM),
    (Qt.Key.Key_Asterisk, True): lambda host: host.zoom(1.0, _ZOOM),
    (Qt.Key.Key_Minus, True): lambda host: host.zoom(1.0, 1 / _ZOOM),
    (Qt.Key.Key_Underscore, True): lambda host: host.zoom(1.0, 1 / _ZOOM),
    (Qt.Key.Key_Escape, False): lambda host: host.unpin_readout(),
}


def navigate(host: ChartHost, event: QKeyEvent) -> bool:
    """Do what a key says to the chart; whether it says anything."""
    shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    action = _NAVIGATION.get((Qt.Key(event.key()), shift))
    if action is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        return False
    action(host)
    return True
