"""The desktop application: one window from its start to its end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication

from flowdeck.canvas import warm
from flowdeck.config import Config
from flowdeck.desktop import fonts
from flowdeck.desktop.charting import Choice
from flowdeck.desktop.dial import AttachDialer, Dialer, FolderDialer, OwnEngineDialer
from flowdeck.desktop.interrupts import Interrupts
from flowdeck.desktop.link import EngineLink
from flowdeck.desktop.linkstatus import LinkListener
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.desktop.responsive import leave_alone_what_stays, short_turns
from flowdeck.desktop.shell import MakeLink, Shell
from flowdeck.desktop.stylesheet import stylesheet
from flowdeck.errors import PluginError
from flowdeck.instruments import InstrumentId
from flowdeck.kinds import Kinds
from flowdeck.plugins.manager import PluginManager
from flowdeck.timeframes import Timeframe
from flowdeck.wire.access import load_token
from flowdeck.wire.client import Client
from flowdeck.wire.whereabouts import noted_address

__all__ = ["Launch", "choice_of", "dress", "engine_link", "prepare", "run", "warm_up"]

_PREPARED = "flowdeck_prepared"
_SAY_AFTER_MS = 400
"""Kernels load from their cache in a fifth of a second; what takes longer is being compiled."""


@dataclass(frozen=True)
class Launch:
    """What the command line asked for.

    Attributes:
        attach: Address of an engine; empty looks on this machine and starts one when there is none.
        capture: A capture to open at once.
        speed: Its speed; None is as fast as can be.
        safe_mode: Load no plugin.
        options: Global options, handed through to a child engine.
    """

    attach: str = ""
    capture: Path | None = None
    speed: float | None = 1.0
    safe_mode: bool = False
    options: Sequence[str] = ()


def prepare(application: QApplication) -> None:
    """Fonts and style, before the first widget; once a process."""
    if application.property(_PREPARED):
        return
    application.setProperty(_PREPARED, True)
    application.setApplicationName("Flowdeck")
    application.setStyle("Fusion")
    fonts.load()


def dress(application: QApplication, shell: Shell) -> None:
    """Give the application the style sheet of the look, now and whenever it changes."""

    def apply() -> None:
        application.setStyleSheet(stylesheet(shell.look))
        application.setFont(shell.look.ui())

    shell.look.changed.connect(apply)
    apply()
    picture = QPixmap(64, 64)
    picture.fill(Qt.GlobalColor.transparent)
    shell.window.topbar.logo.render(picture)
    shell.window.setWindowIcon(QIcon(picture))


def choice_of(config: Config) -> Choice:
    """What the configuration says to show, and what was left shown."""
    chart = config.chart
    left = config.window.get("layers")
    toggled = {str(layer): bool(on) for layer, on in left.items()} if isinstance(left, dict) else {}
    instrument, timeframe = InstrumentId.parse(chart.instrument), Timeframe.parse(chart.timeframe)
    return Choice(instrument, timeframe, chart.layers, chart.grouping, toggled)


def engine_link(config: Config, launch: Launch, kinds: Kinds) -> MakeLink:
    """What builds the link: to the engine at `launch.attach`, else to one here, else to a child."""

    def make(mailbox: Mailbox, listener: LinkListener) -> EngineLink:
        return EngineLink(_dialer(config, launch), mailbox, listener, kinds)

    return make


def _dialer(config: Config, launch: Launch) -> Dialer:
    folder = config.data_folder()
    token = load_token(folder)
    if launch.attach:
        return AttachDialer(launch.attach, token, Client)
    usual = AttachDialer(f"ws://127.0.0.1:{config.engine.port}", token, Client)
    neighbour = FolderDialer(folder, noted_address, token, Client)
    return OwnEngineDialer((usual, neighbour), Client, launch.options)


def warm_up(shell: Shell) -> None:
    """Load the drawing kernels on a thread and begin the chart when they are there; say so when it takes long."""

    def done(future: Future[Any]) -> None:
        shell.mailbox.put(lambda: _warmed(shell, future))

    QTimer.singleShot(_SAY_AFTER_MS, shell, lambda: _say_compiling(shell))
    warm().add_done_callback(done)


def _say_compiling(shell: Shell) -> None:
    if shell.charting.host is None:
        shell.window.pane.say("Compiling the drawing kernels", "On the first start ever this takes a few seconds.")


def _warmed(shell: Shell, future: Future[Any]) -> None:
    if (error := future.exception()) is not None:
        shell.window.pane.say("The chart cannot be drawn", f"{type(error).__name__}: {error}")
        return
    shell.begin_chart()
    leave_alone_what_stays()


def _shell(config: Config, launch: Launch) -> Shell:
    manager = PluginManager(config, "desktop", safe_mode=launch.safe_mode)
    manager.load()
    link = engine_link(config, launch, manager.kinds)
    return Shell(config, manager, choice_of(config), link, safe_mode=launch.safe_mode)


def run(config: Config, launch: Launch) -> int:
    """Show the window until it is closed; the exit code.

    Raises:
        FlowdeckError: when it cannot start, with the remedy.
    """
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    prepare(application)
    shell = _shell(config, launch)
    dress(application, shell)
    interrupts = Interrupts(shell.interrupt)
    shell.ended.connect(application.quit)
    try:
        shell.start()
        warm_up(shell)
        if launch.capture is not None:
            shell.replaying.open(launch.capture, launch.speed)
        with short_turns():
            code = application.exec()
        if shell.fatal:
            raise PluginError(shell.fatal)
        return code
    finally:
        interrupts.restore()
        shell.stop(keep=shell.closing.keep)
