"""Whole charts against reference pictures, to the pixel. Pictures change on purpose only.

`FLOWDECK_UPDATE_PICTURES=1 ./run pytest tests/chart` writes them anew; look at them before they are committed.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flowdeck.chart.theme import load_theme
from flowdeck.specs import FeedState, LayerSpec, Placement, PluginState, SourceStatus
from flowdeck.streams import Batch, EndOfHistory

REFERENCES = Path(__file__).parent / "reference"
SECOND = 10**9
SMALL = {"width_px": 560.0, "height_px": 340.0}
LAYERS = (
    LayerSpec("candles", "Candles", "fake:layer", order=1),
    LayerSpec("profile", "Profile", "fake:layer", placement=Placement.OVERLAY, preferred_px=60, min_px=40),
    LayerSpec("book", "Book", "fake:layer", placement=Placement.SIDE, preferred_px=60, min_px=40),
    LayerSpec("delta", "Delta", "fake:layer", placement=Placement.SUBPANE, preferred_px=60, min_px=40),
    LayerSpec("stats", "Statistics", "fake:layer", placement=Placement.TABLE, preferred_px=40, min_px=40),
)


def crosshair(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL)
    shown.settle()
    shown.host.hover(300, 170)
    return shown


def panes(stage: Callable[..., Any]) -> Any:
    shown = stage(*LAYERS, width_px=900.0, height_px=620.0, theme=load_theme("light"))
    shown.fakes["delta"].range = (-250.0, 120.0)
    shown.settle()
    shown.host.hover(300, 480)
    return shown


def large(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL, scale=2.0, theme=load_theme("light", "colour_blind_safe"))
    shown.settle()
    shown.host.hover(300, 170, snap=False)
    return shown


def stale_and_faulted(stage: Callable[..., Any]) -> Any:
    shown = stage(*LAYERS[:2], **SMALL, still=True)
    shown.settle()
    since = shown.now_ns - 4_200_000_000
    shown.host.set_status(SourceStatus("binance", "Binance USD-M", FeedState.STALE, "", since))
    shown.plugins.become("profile", PluginState.FAULTED, "ZeroDivisionError: division by zero")
    return shown


def lost(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL, still=True, theme=load_theme("light"))
    shown.settle()
    since, retry = shown.now_ns - 38 * SECOND, shown.now_ns + 6 * SECOND
    shown.host.set_status(SourceStatus("binance", "Binance USD-M", FeedState.DISCONNECTED, "", since, retry))
    return shown


def loading(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL)
    shown.frame()
    (handle,) = shown.feed.requests
    opened, batch, _ = shown.feed.events(handle, 60)
    shown.host.receive(handle, opened)
    shown.host.receive(handle, Batch(batch.key, batch.rows[-3:].copy(), 1))
    shown.frame()
    shown.now_s += 0.3
    return shown


def gap_and_head(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL)
    shown.frame()
    (handle,) = shown.feed.requests
    opened, batch, end = shown.feed.events(handle, 60)
    ts = batch.rows["ts"]
    covered = ((int(ts[0]), int(ts[-5])), (int(ts[-4]), int(ts[-1]) + SECOND))
    for event in (opened, batch, EndOfHistory(end.key, 1, 0, covered)):
        shown.host.receive(handle, event)
    shown.settle()
    shown.host.set_replay(int(ts[-1]) + 8 * SECOND)
    shown.host.hover(170, 100)
    return shown


def empty(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL, bars=0)
    shown.settle()
    return shown


def far_out(stage: Callable[..., Any]) -> Any:
    shown = stage(**SMALL)
    shown.settle()
    shown.host.zoom(0.06, 1.0)
    shown.host.pan_px(0, 150)
    shown.settle()
    return shown


SCENES = (crosshair, panes, large, stale_and_faulted, lost, loading, gap_and_head, empty, far_out)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_chart_looks_as_it_did(stage: Callable[..., Any], scene: Callable[..., Any]) -> None:
    shown = scene(stage)
    shown.frame()
    picture = REFERENCES / f"{scene.__name__.replace('_', '-')}.png"
    if os.environ.get("FLOWDECK_UPDATE_PICTURES"):
        picture.parent.mkdir(exist_ok=True)
        shown.host.png(picture)
    rgb = np.asarray(Image.open(picture).convert("RGB")).astype(np.uint32)
    kept = 0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    np.testing.assert_array_equal(shown.host._composer.canvas.buffer, kept)
