"""The right half of the plugin manager: what one plugin is, why it stopped, its streams and settings."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLayout, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from flowdeck.desktop import icons
from flowdeck.desktop.form import SettingsForm
from flowdeck.desktop.labels import label
from flowdeck.desktop.look import Look
from flowdeck.desktop.pluginfacts import PluginFacts
from flowdeck.desktop.pluginrow import tag
from flowdeck.desktop.settingsdesk import SettingsDesk
from flowdeck.desktop.widgets import button, line, row
from flowdeck.specs import PluginState

__all__ = ["PluginDetail"]

_SIDES = {"window": "in this window", "engine": "in the engine"}


class PluginDetail(QScrollArea):
    """Shows one plugin's facts."""

    retry_asked = Signal(str)

    def __init__(self, look: Look, desk: SettingsDesk) -> None:
        super().__init__()
        self._look, self._desk = look, desk
        self._facts: PluginFacts | None = None
        self.setWidgetResizable(True)
        self.setObjectName("detail")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        look.changed.connect(self._repaint_icons)

    def _repaint_icons(self) -> None:
        facts, self._facts = self._facts, None
        self.show_facts(facts)

    def show_facts(self, facts: PluginFacts | None) -> None:
        """Show a plugin, or nothing; what is shown already stays, with its half typed settings."""
        if facts == self._facts and self.widget() is not None:
            return
        self._facts = facts
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(8)
        if facts is not None:
            self._fill(layout, facts)
        layout.addStretch(1)
        self.setWidget(page)

    def _fill(self, layout: QVBoxLayout, facts: PluginFacts) -> None:
        version = label(facts.version, tone="tertiary", figures=True)
        title = label(facts.title, size="title", weight="semibold")
        layout.addLayout(row(title, version, None, *(tag(role.capitalize()) for role in facts.roles)))
        about = " · ".join(part for part in (facts.name, facts.licence) if part)
        layout.addWidget(label(about, tone="secondary", size="small"))
        if facts.summary:
            layout.addWidget(_wrapped(facts.summary, "secondary"))
        layout.addLayout(_sides(facts))
        if facts.reason:
            layout.addWidget(self._fault(facts))
        self._add_streams(layout, facts)
        self._add_settings(layout, facts)

    def _fault(self, facts: PluginFacts) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "fault")
        picture = QLabel()
        picture.setPixmap(icons.pixmap("error", self._look.colour("ui.error"), 16, self.devicePixelRatioF()))
        retry = button("Retry", "plain", lambda: self.retry_asked.emit(facts.name))
        retry.setIcon(self._look.icon("retry", "text.primary"))
        retry.setObjectName("retry")
        head = row(picture, label(f"{facts.state.capitalize()} {_SIDES[facts.side]}", weight="semibold"), None, retry)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addLayout(head)
        layout.addWidget(_wrapped(facts.reason, "secondary"))
        if facts.traceback:
            self._add_traceback(layout, facts)
        return frame

    def _add_traceback(self, layout: QVBoxLayout, facts: PluginFacts) -> None:
        layout.addWidget(line(vertical=False, role="hairline"))
        copy = button("Copy", "link", lambda: QGuiApplication.clipboard().setText(facts.traceback))
        copy.setIcon(self._look.icon("copy", "ui.accent"))
        copy.setObjectName("copy")
        layout.addLayout(row(label("Traceback", weight="semibold"), None, copy))
        text = QPlainTextEdit(facts.traceback.rstrip())
        text.setProperty("face", "figures")
        text.setReadOnly(True)
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setFixedHeight(min(260, 16 * (facts.traceback.count("\n") + 2)))
        text.setAccessibleName("Traceback")
        text.verticalScrollBar().setValue(text.verticalScrollBar().maximum())
        layout.addWidget(text)

    @staticmethod
    def _add_streams(layout: QVBoxLayout, facts: PluginFacts) -> None:
        if not (facts.requires or facts.provides):
            return
        layout.addSpacing(8)
        layout.addWidget(label("Streams", tone="tertiary", size="small", weight="semibold"))
        grid = QGridLayout()
        grid.setColumnMinimumWidth(0, 72)
        grid.setColumnStretch(1, 1)
        for number, (name, kinds) in enumerate((("Requires", facts.requires), ("Provides", facts.provides))):
            if kinds:
                grid.addWidget(label(name, tone="secondary"), number, 0)
                tags: QLayout = row(*(tag(kind, figures=True) for kind in kinds), None, spacing_px=4)
                grid.addLayout(tags, number, 1)
        layout.addLayout(grid)

    def _add_settings(self, layout: QVBoxLayout, facts: PluginFacts) -> None:
        values = self._desk.values(facts.name)
        if values is None:
            return
        layout.addSpacing(8)
        layout.addWidget(label("Settings", tone="tertiary", size="small", weight="semibold"))
        form = SettingsForm(self._look, type(values), values, compact=True)
        form.changed.connect(lambda new: self._desk.show(facts.name, new, persist=True))
        layout.addWidget(form)


def _sides(facts: PluginFacts) -> QLayout:
    """What each side makes of it, where they differ."""
    if facts.here is facts.there or not facts.there_known:
        return row()
    here = "missing" if facts.here is None else str(facts.here)
    there = "missing there" if facts.there is None else str(facts.there)
    return row(
        label("This window", tone="tertiary"), label(here, tone=_tone(facts.here)), 12,
        label("Engine", tone="tertiary"), label(there, tone=_tone(facts.there)), None,
    )  # fmt: skip


def _tone(state: PluginState | None) -> str:
    if state is None:
        return "warning"
    return "error" if state in {PluginState.FAILED, PluginState.FAULTED} else "secondary"


def _wrapped(text: str, tone: str) -> QLabel:
    result = label(text, tone=tone)
    result.setWordWrap(True)
    result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return result
