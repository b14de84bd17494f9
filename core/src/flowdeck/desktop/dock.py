"""The dock at the right: the layers of the chart, and the settings of the one that is selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from flowdeck.chart.parts import LayerInfo
from flowdeck.desktop import icons
from flowdeck.desktop.form import SettingsForm
from flowdeck.desktop.labels import label, restyle
from flowdeck.desktop.layerrow import LayerRow
from flowdeck.desktop.look import Look
from flowdeck.desktop.settingsdesk import SettingsDesk
from flowdeck.desktop.widgets import Bar, IconButton, line, row

__all__ = ["DOCK_WIDTH_PX", "STRIP_WIDTH_PX", "Dock", "DockStrip"]

DOCK_WIDTH_PX = 304
STRIP_WIDTH_PX = 40
_WARNING_MS, _ERROR_MS = 8.0, 16.0


class Dock(Bar):
    """The layers list, and the selected layer's form below it."""

    toggled = Signal(str, bool)
    details_asked = Signal(str)

    def __init__(self, look: Look, desk: SettingsDesk) -> None:
        super().__init__("dock", look, width_px=DOCK_WIDTH_PX)
        self._look, self._desk = look, desk
        self._rows: dict[str, LayerRow] = {}
        self._chosen = ""
        self.form: SettingsForm | None = None
        self._icon, self._total = QLabel(), label(figures=True, size="small")
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        self._settings = QScrollArea()
        self._settings.setWidgetResizable(True)
        self._settings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._build()
        desk.changed.connect(self._settings_changed)
        look.changed.connect(self._recolour)
        self._recolour()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.setSpacing(0)
        unit = label("ms", tone="tertiary", size="small", figures=True)
        title = label("Layers", size="label", weight="semibold")
        head = Bar("dockhead", self._look, height_px=40)
        head.setLayout(row(self._icon, title, None, self._total, unit, margins=(14, 0, 12, 0), spacing_px=6))
        layout.addWidget(head)
        layout.addWidget(line(vertical=False, role="hairline"))
        layout.addLayout(self._list)
        layout.addWidget(line(vertical=False, role="hairline"))
        layout.addWidget(self._settings, 1)

    def _recolour(self) -> None:
        picture = icons.pixmap("layers", self._look.colour("text.secondary"), 16, self.devicePixelRatioF())
        self._icon.setPixmap(picture)

    def layer_row(self, layer: str) -> LayerRow:
        """The row of a layer that is listed."""
        return self._rows[layer]

    def show_layers(self, layers: Sequence[LayerInfo]) -> None:
        """List these layers with what they cost."""
        if [info.id for info in layers] != list(self._rows):
            self._list_anew(layers)
        for info in layers:
            self._rows[info.id].show_info(info)
        total = sum(info.cost_ms for info in layers if info.state == "shown")
        self._total.setText(f"{total:.2f}")
        restyle(self._total, "tone", "error" if total > _ERROR_MS else "warning" if total > _WARNING_MS else "")

    def _list_anew(self, layers: Sequence[LayerInfo]) -> None:
        for old in self._rows.values():
            self._list.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = {info.id: LayerRow(self._look, info) for info in layers}
        for layer_row in self._rows.values():
            layer_row.toggled.connect(self.toggled)
            layer_row.selected.connect(self.choose)
            layer_row.settings_asked.connect(self.choose)
            layer_row.details_asked.connect(self.details_asked)
            self._list.addWidget(layer_row)
        self.choose(self._chosen if self._chosen in self._rows else next(iter(self._rows), ""))

    def choose(self, layer: str) -> None:
        """Show the settings of a layer's plugin below the list."""
        self._chosen = layer
        for name, layer_row in self._rows.items():
            layer_row.show_chosen(chosen=name == layer)
        self._show_form(self._rows[layer].info if layer in self._rows else None)

    def _show_form(self, info: LayerInfo | None) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(14, 10, 8, 12)
        layout.setSpacing(8)
        values = self._desk.values(info.plugin) if info is not None else None
        self.form = None
        if info is not None and values is not None:
            plugin = info.plugin
            form = self.form = SettingsForm(self._look, type(values), values, compact=True)
            form.changed.connect(lambda new: self._desk.show(plugin, new, persist=True))
            reset = IconButton(self._look, "reset", f"All settings of {info.title} to their defaults", size_px=16)
            reset.clicked.connect(form.reset)
            layout.addLayout(row(label(info.title, size="label", weight="semibold"), None, reset))
            layout.addWidget(form)
        layout.addStretch(1)
        self._settings.setWidget(page)

    def _settings_changed(self, plugin: str) -> None:
        """Follow changes from elsewhere; the form's own ones are in it already."""
        info = self._rows[self._chosen].info if self._chosen in self._rows else None
        values = self._desk.values(plugin)
        if info is None or info.plugin != plugin or self.form is None or values is None:
            return
        if values != self.form.values:
            self.form.show_values(values)


class DockStrip(Bar):
    """What is left of the dock in a narrow window: one button that lays it over the chart."""

    opened = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__("dockstrip")
        self.setFixedWidth(STRIP_WIDTH_PX)
        self.button = IconButton(look, "layers", "Layers (D)")
        self.button.clicked.connect(self.opened)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.button)
        layout.addStretch(1)
