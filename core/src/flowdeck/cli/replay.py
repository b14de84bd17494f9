"""`flowdeck replay`: a capture in the window, or through the whole engine without one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowdeck.cli import _app
from flowdeck.cli._arguments import parse_speed

if TYPE_CHECKING:
    from flowdeck.cli._replaying import Played

__all__ = ["replay"]

_SHOWN_PROBLEMS = 10


def replay(
    capture: Annotated[Path, typer.Argument(metavar="CAPTURE", help="The file.", show_default=False, readable=False)],
    speed: Annotated[str, typer.Option(metavar="N|max", help="Seconds of data per second.")] = "1",
    headless: Annotated[bool, typer.Option("--headless", help="Without a window: read it and sum it up.")] = False,
    as_json: _app.Json = False,
) -> None:
    """Play a capture: in the window, or headless through parser, bars and footprint with a summary.

    The summary counts frames, rows of each stream, what was skipped and why, and names damaged lines.

    Example:
        flowdeck replay usdm.gz
        flowdeck replay usdm.gz --speed 10
        flowdeck replay usdm.gz --speed max --headless --json
    """
    rate = parse_speed(speed)
    if not headless:
        if as_json:
            raise typer.BadParameter("needs --headless", param_hint="--json")
        _in_window(capture, speed)
        return
    from flowdeck.cli._replaying import play

    played = asyncio.run(play(capture, rate))
    if as_json:
        _app.print_json(played.to_dict())
    else:
        _report(played)
    if played.info.reason:
        _app.fail(f"{capture}: {played.info.reason}")


def _in_window(capture: Path, speed: str) -> None:
    from flowdeck.captures import CaptureReader
    from flowdeck.cli.chart import chart

    CaptureReader(capture)  # what is no capture is said here, before a window opens
    chart(capture=capture, speed=speed)


def _report(played: Played) -> None:
    info = played.info
    seconds = (info.stop_ns - info.start_ns) / 1e9
    typer.echo(f"{info.title}: {info.frames:,} frames of {seconds:,.1f} s in {played.wall_s:.2f} s", nl=False)
    typer.echo(f" ({info.frames / played.wall_s:,.0f} frames/s)")
    for key, rows in played.rows.items():
        typer.echo(f"  {rows:>12,}  {key}")
    for instrument in played.instruments:
        inferred = " (inferred from the data)" if instrument.provisional else ""
        steps = f"tick {instrument.tick_size:f}, lot {instrument.lot_size:f}{inferred}"
        typer.echo(f"  {instrument.id}: {steps}")
    for reason, count in sorted(info.skipped.items()):
        typer.echo(f"  {count:>12,}  not used: {reason}")
    if not played.rows:
        _app.notice(f"{info.title}: its frames gave no rows; updates of a book need a snapshot before them")
    if info.problem_count:
        typer.echo(f"  {info.problem_count:>12,}  problems")
    for problem in info.problems[:_SHOWN_PROBLEMS]:
        _app.notice(problem)
    if info.problem_count > _SHOWN_PROBLEMS:
        _app.notice(f"and {info.problem_count - _SHOWN_PROBLEMS} more")
