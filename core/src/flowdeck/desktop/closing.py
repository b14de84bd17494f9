"""Closing the window: what becomes of an engine that records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

from flowdeck.specs import PluginState

if TYPE_CHECKING:
    from flowdeck.desktop.shell import Shell

__all__ = ["Closing"]


class Closing:
    """Asks what only the user can know.

    Attributes:
        keep: Whether the child engine is to go on after the window.
        forced: Whether the window must close without a question, as after Ctrl-C.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.keep = shell.config.engine.keep_recording
        self.forced = False

    def recording(self) -> bool:
        """Whether this window's own engine writes a store, so that closing would end a recording."""
        session = self._shell.session
        plugins = (session.engine_plugins or {}).values()
        stores = any("store" in info["roles"] and info["state"] == PluginState.ACTIVE for info in plugins)
        return stores and session.link.owns_engine

    def may_close(self) -> bool:
        """Whether the window may go; asks when a recording would end."""
        if self.forced or self.keep or not self.recording():
            return True
        answer = self._ask()
        self.keep = answer == "keep"
        return answer != "cancel"

    def _ask(self) -> str:
        box = QMessageBox(self._shell.window)
        box.setWindowTitle("Flowdeck")
        box.setText("The engine of this window is recording.")
        box.setInformativeText("It can go on without the window; start Flowdeck again to see it.")
        keep = box.addButton("Keep recording", QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.exec()
        if box.clickedButton() is keep:
            return "keep"
        return "stop" if box.clickedButton() is stop else "cancel"
