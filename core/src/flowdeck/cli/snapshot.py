"""`flowdeck snapshot`: a chart as a PNG, without a window."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from flowdeck.cli import _app
from flowdeck.cli._arguments import no_data, parse_when
from flowdeck.errors import InstrumentError
from flowdeck.instruments import InstrumentId
from flowdeck.timeframes import Timeframe

if TYPE_CHECKING:
    from flowdeck.canvas import FontSet
    from flowdeck.cli._drawing import Drawn, Plan
    from flowdeck.config import Config
    from flowdeck.plugins.manager import PluginManager
    from flowdeck.specs import Theme

__all__ = ["snapshot"]

_SMALLEST, _LARGEST = 240, 8192
_SCALES = (0.5, 4.0)
_LARGEST_GROUPING = 10**9
_PROBLEMS_SHOWN = 10
_THEMES = ("dark", "light")


def snapshot(
    capture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw this capture.", readable=False)] = None,
    attach: Annotated[str, typer.Option(metavar="URL", help="Draw what a running engine has.")] = "",
    run: Annotated[str, typer.Option(metavar="ID", help="With --attach: this replay instead of live data.")] = "",
    instrument: Annotated[str, typer.Option(metavar="V:S", help="What to draw; a capture's first by default.")] = "",
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Left edge, UTC; newest bars by default.")] = "",
    stop: Annotated[str, typer.Option("--to", metavar="TIME", help="Right edge, UTC.")] = "",
    out: Annotated[Path, typer.Option(metavar="FILE", help="The picture to write, a .png.")] = Path("chart.png"),
    size: Annotated[str, typer.Option(metavar="WxH", help="Size in px, before --scale.")] = "1920x1080",
    layers: Annotated[
        str | None, typer.Option(metavar="A,B", help="Layers to show; those of the configuration if not.")
    ] = None,
    timeframe: Annotated[str, typer.Option(metavar="T", help="Length of a bar: 15s, 1m, 4h.")] = "",
    grouping: Annotated[str, typer.Option(metavar="N", help="Ticks per price row, or auto.")] = "auto",
    theme: Annotated[str, typer.Option(help="dark or light.")] = "",
    scale: Annotated[float, typer.Option(help="Device pixels per px.")] = 1.0,
    as_json: _app.Json = False,
) -> None:
    """Draw a chart into a PNG, without a window: the same axes, legend and layers as on screen.

    Times are UTC: 2024-08-08T23:55:00, or 23:55 on the day of the newest data.

    Example:
        flowdeck snapshot --capture btc.gz --out chart.png --timeframe 15s
        flowdeck snapshot --capture btc.gz --from 23:55 --to 23:57 --layers footprint --theme light --scale 2
        flowdeck snapshot --attach ws://127.0.0.1:8766 --instrument binance-usdm:BTCUSDT --size 1280x720
    """
    from flowdeck.cli._drawing import Plan, draw

    if (capture is None) == (not attach):
        raise typer.BadParameter("say either --capture FILE or --attach URL")
    if run and not attach:
        raise typer.BadParameter("a run lives in an engine: say --attach URL too", param_hint="--run")
    named = _named(layers)
    config = _app.config({"chart.timeframe": timeframe or None, "appearance.theme": _known_theme(theme)})
    plan = Plan(
        capture=capture,
        attach=attach,
        run=run or None,
        token=_token(config.engine.data / "token"),
        instrument=_instrument(instrument or (config.chart.instrument if attach else "")),
        start=parse_when(start, "--from"),
        stop=parse_when(stop, "--to"),
        out=_writable(out),
        size=_size(size, scale),
        scale=scale,
        text_scale=_text_scale(config),
        layers=named or config.chart.layers or None,
        timeframe=_timeframe(config.chart.timeframe),
        grouping=_grouping(grouping),
        theme=_theme(config),
        fonts=_fonts(config),
    )
    manager = _app.manager(config)
    try:
        asked = _spelled(manager, named)
        _check_layers(manager, asked=asked, configured=config.chart.layers)
        plan = replace(plan, layers=asked or plan.layers)
        with _app.progress(f"Drawing {out.name}"):
            drawn = draw(plan, config, manager)
    finally:
        manager.close()
    _report(plan, drawn, as_json=as_json)


def _instrument(text: str) -> InstrumentId | None:
    try:
        return InstrumentId.parse(text) if text else None
    except InstrumentError as error:
        raise typer.BadParameter(str(error), param_hint="--instrument") from None


def _timeframe(text: str) -> Timeframe:
    timeframe = Timeframe.parse(text)
    if not timeframe.is_time:
        raise typer.BadParameter(f"{timeframe} bars do not close by time, and only those are drawn: 15s, 1m, 4h")
    return timeframe


def _grouping(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    if text.isdecimal() and 1 <= int(text) <= _LARGEST_GROUPING:
        return int(text)
    raise typer.BadParameter(f"{text!r} is neither auto nor a number of ticks from 1", param_hint="--grouping")


def _size(text: str, scale: float) -> tuple[int, int]:
    """Width and height in px, so large that a chart fits and so small that memory does."""
    match = re.fullmatch(r"([0-9]{1,5})[xX\u00d7]([0-9]{1,5})", text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not WIDTHxHEIGHT, such as 1920x1080", param_hint="--size")
    width, height = int(match[1]), int(match[2])
    if not _SCALES[0] <= scale <= _SCALES[1]:
        raise typer.BadParameter(f"must lie between {_SCALES[0]} and {_SCALES[1]}", param_hint="--scale")
    if min(width, height) < _SMALLEST or max(width, height) * scale > _LARGEST:
        limits = f"from {_SMALLEST} to {_LARGEST} pixels each way, --scale included"
        raise typer.BadParameter(f"{text} at scale {scale:g} is out of limits: {limits}", param_hint="--size")
    return width, height


def _writable(path: Path) -> Path:
    """The path, once it is certain that a picture can be written there: drawing first would waste the user's time."""
    if path.suffix.lower() != ".png":
        raise typer.BadParameter(f"{path}: pictures are written as .png", param_hint="--out")
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder", param_hint="--out")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"{path}: there is no folder {path.parent}", param_hint="--out")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise typer.BadParameter(f"{path} cannot be written: no permission", param_hint="--out")
    return path


def _theme(config: Config) -> Theme:
    from flowdeck.chart.theme import load_theme

    return load_theme(config.appearance.theme, config.appearance.colours)


def _fonts(config: Config) -> FontSet:
    from flowdeck.canvas import FontSet

    return FontSet(config.appearance.ui_font, config.appearance.figures_font)


def _text_scale(config: Config) -> float:
    from flowdeck.chart.theme import text_scale

    return text_scale(config.appearance.font_size_px)


def _token(path: Path) -> str | None:
    return path.read_text(encoding="ascii").strip() if path.is_file() and os.access(path, os.R_OK) else None


def _named(text: str | None) -> tuple[str, ...]:
    """The layers that were asked for; without the option none."""
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if text is not None and not names:
        raise typer.BadParameter("names no layer; leave it out for those of the configuration", param_hint="--layers")
    return names


def _known_theme(text: str) -> str | None:
    if text not in {"", *_THEMES}:
        raise typer.BadParameter(f"{text!r} is neither {' nor '.join(_THEMES)}", param_hint="--theme")
    return text or None


def _spelled(manager: PluginManager, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of layers; a project day-vwap has a layer day_vwap."""
    known = {registered.spec.id for registered in manager.layers()}
    return tuple(layer if layer in known else layer.replace("-", "_") for layer in asked)


def _check_layers(manager: PluginManager, *, asked: tuple[str, ...], configured: tuple[str, ...]) -> None:
    """A layer that was asked for must be there; one of the configuration may belong to a plugin that is gone."""
    known = sorted(registered.spec.id for registered in manager.layers())
    there = ", ".join(known) or "none, for no plugin with layers is active"
    if missing := ", ".join(layer for layer in asked if layer not in known):
        raise typer.BadParameter(f"no layer {missing}; known are {there}", param_hint="--layers")
    if not asked and (missing := ", ".join(layer for layer in configured if layer not in known)):
        _app.notice(f"chart.layers names {missing}, which no active plugin provides; known are {there}")


def _report(plan: Plan, drawn: Drawn, *, as_json: bool) -> None:
    for problem in drawn.problems[:_PROBLEMS_SHOWN]:
        _app.notice(problem)
    if drawn.problem_count > _PROBLEMS_SHOWN:
        _app.notice(f"{drawn.problem_count} damaged lines in all")
    if drawn.is_empty:
        _app.notice(no_data("bars", drawn.data_span))
    if as_json:
        _app.print_json(
            {
                "out": plan.out,
                "instrument": str(drawn.instrument.id),
                "timeframe": str(drawn.timeframe),
                "grouping": drawn.grouping,
                "from_ns": drawn.start_ns,
                "to_ns": drawn.stop_ns,
                "empty": drawn.is_empty,
                "data_from_ns": drawn.data_span[0] if drawn.data_span else None,
                "data_to_ns": drawn.data_span[1] if drawn.data_span else None,
                "damaged_lines": drawn.problem_count,
            }
        )
        return
    row = drawn.instrument.tick_size * drawn.grouping
    typer.echo(f"{plan.out}: {drawn.instrument.id} {drawn.timeframe}, rows of {row.normalize():f}")
