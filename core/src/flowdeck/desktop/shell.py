"""The window put together: parts, chart, engine link, and what happens between them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QCloseEvent

from flowdeck.config import Config
from flowdeck.desktop.actions import Actions
from flowdeck.desktop.appearance import theme_of, typography_of
from flowdeck.desktop.board import Board
from flowdeck.desktop.charting import Charting, Choice
from flowdeck.desktop.closing import Closing
from flowdeck.desktop.link import EngineLink
from flowdeck.desktop.linkstatus import LinkListener
from flowdeck.desktop.look import Look
from flowdeck.desktop.mailbox import Mailbox
from flowdeck.desktop.memory import Memory
from flowdeck.desktop.pluginservices import plugin_services
from flowdeck.desktop.pluginswitch import PluginSwitch
from flowdeck.desktop.pump import FramePump
from flowdeck.desktop.replaying import Replaying
from flowdeck.desktop.session import Session
from flowdeck.desktop.settingsdesk import SettingsDesk
from flowdeck.desktop.window import MainWindow
from flowdeck.plugins.compute import Compute
from flowdeck.plugins.manager import PluginManager
from flowdeck.specs import PluginFault

__all__ = ["MakeLink", "Shell"]

MakeLink = Callable[[Mailbox, LinkListener], EngineLink]
"""Builds the link to the engine; tests put one to a fake engine here."""

_TICK_MS = 1000


class Shell(QObject):
    """One window with its chart and its engine.

    Args:
        config: As it was loaded.
        manager: The plugins of this process, loaded.
        choice: What to show.
        make_link: Builds the link to the engine.
        safe_mode: Whether no plugin was loaded on purpose.

    Attributes:
        fatal: Why the window had to end; empty otherwise.
    """

    ended = Signal()

    def __init__(
        self, config: Config, manager: PluginManager, choice: Choice, make_link: MakeLink, *, safe_mode: bool = False
    ) -> None:
        super().__init__()
        self.config, self.manager, self.safe_mode = config, manager, safe_mode
        self.appearance = config.appearance
        self.look = Look(theme_of(config.appearance), typography_of(config.appearance))
        self.pump = FramePump()
        self.mailbox = Mailbox(self.pump.request_from_any_thread)
        self.session = Session()
        self.link = make_link(self.mailbox, self.session)
        self.session.use(self.link)
        self.desk = SettingsDesk(manager, self.session)
        self.window = MainWindow(self.look, self.desk)
        self.memory = Memory(config.desktop_path)
        self.charting = Charting(self.window.pane, self.look, manager, self.link, choice)
        self.replaying = Replaying(self.charting, self.session)
        self.switch = PluginSwitch(manager, self.session)
        self.actions = Actions(self)
        self.closing = Closing(self)
        self.fatal = ""
        self._compute = Compute()
        services = plugin_services(self.link, self._compute)
        manager.attach(services, call_soon=self.mailbox.put, fatal=self._end_for)
        self.board = Board(self.window, self.charting, self.session, self.replaying)
        self._tick_timer = QTimer(self)
        self._tick_timer.setInterval(_TICK_MS)
        self._connect()
        self._connect_parts()
        self.window.restore(config.window)
        self.board.show_choice()

    def start(self) -> None:
        """Show the window, look for an engine."""
        self.window.show()
        self.link.start()
        self._tick_timer.start()
        self.tick()

    def stop(self, *, keep: bool = False) -> None:
        """End everything that was started; with `keep` the child engine goes on recording."""
        self._tick_timer.stop()
        self.pump.stop()
        self.switch.stop()
        for key, value in self.window.remembered().items():
            self.memory.keep(f"window.{key}", value)
        self.memory.write()
        self.charting.close()
        self.manager.close()
        self._compute.close()
        self.link.stop(keep=keep)

    def interrupt(self) -> None:
        """The process is told to end: close without a question."""
        self.closing.forced = True
        self.window.close()

    def _end_for(self, fault: PluginFault) -> None:
        """A plugin that is required failed: the window cannot go on."""
        self.fatal = f"required plugin {fault.plugin} failed ({fault.where}): {fault.reason}"
        self.interrupt()

    def begin_chart(self) -> None:
        """The kernels are there: build the chart."""
        view = self.charting.begin()
        view.space_pressed.connect(self.window.replay.toggle)
        view.menu_asked.connect(self.actions.show_menu)
        view.paint_failed.connect(lambda error: self.board.say(f"Drawing failed: {error}"))
        self.board.show_choice()
        self.tick()

    def _connect(self) -> None:
        window = self.window
        self.pump.frame.connect(self.frame)
        window.seen_changed.connect(self._seen)
        window.closing.connect(self._close)
        self.charting.frame_due.connect(self.pump.request)
        self.charting.chosen.connect(self._chosen)
        self.charting.layers_chosen.connect(self._layers_chosen)
        self.session.stream_news.connect(self.charting.receive)
        self.session.instrument_news.connect(self.charting.set_steps)
        self.session.link_news.connect(self.board.show_link)
        self.session.feed_news.connect(self.board.show_feed)
        self.session.metrics_news.connect(self.board.show_metrics)
        self.replaying.changed.connect(self.board.show_replay)
        self._tick_timer.timeout.connect(self.tick)
        self.desk.changed.connect(lambda _plugin: self.charting.refresh())
        self.switch.changed.connect(self.pump.request)
        self.switch.enabled.connect(self.charting.reopen)
        for source in (self.charting.failed, self.memory.failed, self.desk.failed, self.switch.failed):
            source.connect(self.board.say)

    def _connect_parts(self) -> None:
        """What the user asks for in the parts of the window."""
        window, actions = self.window, self.actions
        window.topbar.timeframe_chosen.connect(self.charting.show_timeframe)
        window.dock.toggled.connect(lambda layer, on: self.charting.show_layer(layer, visible=on))
        window.dock.details_asked.connect(actions.show_plugin)
        window.replay.asked.connect(self.replaying.ask)
        window.replay.left.connect(self.replaying.leave)
        window.pane.live_asked.connect(self.charting.to_live)
        window.pane.banner_acted.connect(actions.act)
        window.statusbar.faults_asked.connect(actions.show_plugins)
        actions.connect_topbar(window.topbar)
        window.connect_shortcuts(actions)

    def frame(self) -> None:
        """One turn: empty the mailbox for at most its budget, then draw what changed."""
        if not self.mailbox.drain():
            self.pump.request()
        if self.window.isVisible() and not self.window.isMinimized():
            self.board.draw()
            if self.charting.unfinished:
                self.pump.request_later()

    def tick(self) -> None:
        """Once a second: clocks, countdowns, costs; and a frame, in case time alone changed something."""
        self.board.tick()
        self.pump.request()

    def _seen(self, seen: bool) -> None:
        screen = self.window.screen()
        if seen and screen is not None:
            self.pump.set_refresh(screen.refreshRate())
        self.pump.set_seen(seen=seen)

    def _close(self, event: QCloseEvent) -> None:
        if not self.closing.may_close():
            event.ignore()
            return
        event.accept()
        self.ended.emit()

    def _chosen(self) -> None:
        self.board.show_choice()
        if self.charting.run is None:
            self.memory.keep("chart.instrument", str(self.charting.instrument))
        self.memory.keep("chart.timeframe", str(self.charting.timeframe))
        self.memory.keep("chart.grouping", self.charting.grouping)
        self.board.show_feed()

    def _layers_chosen(self) -> None:
        self.memory.keep("window.layers", self.charting.toggled)
        self.board.show_layers()
