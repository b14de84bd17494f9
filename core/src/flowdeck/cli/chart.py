"""`flowdeck` alone: the chart in a window, with an engine behind it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowdeck.cli import _app
from flowdeck.cli._arguments import parse_speed
from flowdeck.errors import ConfigError

if TYPE_CHECKING:
    from flowdeck.config import Config

__all__ = ["chart"]

_PICTURE = "flowdeck snapshot --capture CAPTURE --out chart.png"


def chart(
    instrument: Annotated[
        str | None, typer.Option(metavar="VENUE:SYMBOL", help="What to show.", show_default=False)
    ] = None,
    timeframe: Annotated[str | None, typer.Option(help="15s, 1m, 4h and the like.", show_default=False)] = None,
    attach: Annotated[
        str, typer.Option(metavar="URL", help="Show the engine at this address.", show_default=False)
    ] = "",
    capture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Replay a capture at once.", show_default=False, readable=False)
    ] = None,
    speed: Annotated[str, typer.Option(metavar="N|max", help="Speed of the replay.")] = "1",
) -> None:
    """Open the chart. It shows the engine that runs on this machine, or starts one and ends it with the window.

    Example:
        flowdeck
        flowdeck --instrument binance-usdm:ETHUSDT
        flowdeck --attach ws://192.168.1.5:8766
        flowdeck --capture usdm.gz --speed 10
    """
    pace = parse_speed(speed)
    config = _app.config({"chart.instrument": instrument, "chart.timeframe": timeframe})
    if find_spec("PySide6") is None or find_spec("pyqtgraph") is None:
        raise ConfigError(
            "the window needs PySide6 and pyqtgraph, which are not installed: pip install 'flowdeck[desktop]';"
            f" without them there are flowdeck serve and {_PICTURE}"
        )
    if not _has_display():
        _headless(config, attach, capture)
        return
    from flowdeck.desktop.app import Launch, run

    launch = Launch(attach, capture, pace, _app.options().safe_mode, _global_options())
    if code := run(config, launch):
        raise typer.Exit(code)


def _headless(config: Config, attach: str, capture: Path | None) -> None:
    """Without a screen: the engine runs, and how to get a picture is said."""
    shown = str(capture) if capture is not None else "CAPTURE"
    picture = _PICTURE.replace("CAPTURE", shown)
    _app.notice("there is no display (DISPLAY and WAYLAND_DISPLAY are not set), so there is no window")
    _app.notice(f"for a picture of a capture: {picture}")
    if attach:
        _app.notice(f"for a picture of that engine: flowdeck snapshot --attach {attach} --out chart.png")
        raise typer.Exit(1)
    from flowdeck.cli.serve import serve

    url = f"ws://127.0.0.1:{config.engine.port}"
    _app.notice(f"the engine runs without it; its picture: flowdeck snapshot --attach {url} --out chart.png")
    serve()


def _has_display() -> bool:
    """Whether Qt can open a window: without a screen and without a platform that needs none it aborts the process."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _global_options() -> list[str]:
    """The global options as they were given, for the child engine."""
    options = _app.options()
    words: list[str] = []
    if options.config is not None:
        words += ["--config", str(options.config.absolute())]
    if options.data_dir is not None:
        words += ["--data-dir", str(options.data_dir.absolute())]
    return words + (["--safe-mode"] if options.safe_mode else [])
