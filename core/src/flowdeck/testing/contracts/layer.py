"""What every layer must do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from flowdeck.series import Series
from flowdeck.specs import ChartPoint, Layer, LayerSpec, Lod, Placement, Plane, SeriesView, Theme, View, resolve
from flowdeck.streams import StreamKey
from flowdeck.testing.canvas import RecordingCanvas
from flowdeck.testing.context import FakeContext
from flowdeck.testing.contracts.base import Contract
from flowdeck.testing.samples import SAMPLE_INSTRUMENT, SAMPLE_START
from flowdeck.timeframes import SECOND_NS, Timeframe

__all__ = ["FakeChanges", "LayerContract", "sample_view"]

_PITCH = {Lod.FULL: 80, Lod.DELTA: 56, Lod.PROFILE: 24, Lod.CANDLE: 8, Lod.LINE: 2}


class FakeChanges:
    """A `specs.Changes` over given series, all of which changed."""

    def __init__(self, series: Mapping[StreamKey, Series]) -> None:
        self._series = series
        self.changed = dict.fromkeys(series, (SAMPLE_START, SAMPLE_START + 600 * SECOND_NS))

    def series(self, key: StreamKey) -> SeriesView | None:
        """The series, or None."""
        return self._series.get(key)


def sample_view(lod: Lod = Lod.FULL, theme: Theme | None = None) -> View:
    """A view of the sample, ten minutes wide at the bar pitch of `lod`."""
    timeframe = Timeframe.parse("15s")
    pitch = _PITCH[lod]
    return View(
        instrument=SAMPLE_INSTRUMENT,
        run="run-1",
        timeframe=timeframe,
        grouping=10,
        origin_ns=SAMPLE_START,
        x0=0.0,
        x1=600.0 * SECOND_NS,
        y0=59_980.0,
        y1=60_020.0,
        width_px=40.0 * pitch,
        height_px=800.0,
        scale=1.0,
        lod=lod,
        theme=theme or _theme(),
        now_ns=SAMPLE_START + 600 * SECOND_NS,
    )


class LayerContract(Contract):
    """A layer draws at every level of detail, with and without data, and keeps its hands off the series."""

    def test_requests_name_streams_that_the_spec_requires(self, layer_spec: LayerSpec) -> None:
        layer = self._layer(layer_spec)
        for view in _views(layer_spec):
            requests = layer.requests(view)
            assert {request.key.kind for request in requests} <= set(layer_spec.requires)
            assert {request.key.run for request in requests} <= {view.run}
            assert list(layer.requests(view)) == list(requests), "asked twice for one view, it answers twice the same"

    def test_it_draws_before_any_data_arrived(self, layer_spec: LayerSpec) -> None:
        layer = self._layer(layer_spec)
        for view in _views(layer_spec):
            layer.requests(view)
            layer.update(FakeChanges({}))
            self._draw(layer, view)
            layer.value_range(view)
            assert layer.inspect(ChartPoint(0.0, 60_000.0, view)) is None

    def test_it_draws_its_data_and_twice_the_same(self, layer_spec: LayerSpec) -> None:
        layer, drawn = self._layer(layer_spec), 0
        for view in _views(layer_spec):
            series = self._update(layer, view)
            before = [one.rows().tobytes() for one in series.values()]
            first = self._draw(layer, view)
            assert [call.arguments for call in first.calls] == [
                call.arguments for call in self._draw(layer, view).calls
            ]
            assert [one.rows().tobytes() for one in series.values()] == before
            drawn += sum(map(len, first.calls))
        assert drawn, (
            "nothing was drawn of the sample at any level of detail; for kinds that neither the core nor this plugin's"
            " aggregators make, override samples()"
        )

    def test_a_value_range_is_a_range(self, layer_spec: LayerSpec) -> None:
        layer = self._layer(layer_spec)
        for view in _views(layer_spec):
            self._update(layer, view)
            found = layer.value_range(view)
            if found is not None:
                assert all(map(math.isfinite, found))
                assert found[0] <= found[1]

    def test_a_view_without_data_is_empty_not_an_error(self, layer_spec: LayerSpec) -> None:
        layer = self._layer(layer_spec)
        for view in _views(layer_spec):
            self._update(layer, view)
            for shift in (-(10**18), 10**18):
                away = replace(view, origin_ns=view.origin_ns + shift)
                layer.requests(away)
                self._draw(layer, away)
                layer.value_range(away)
                layer.inspect(ChartPoint(away.x1 / 2, 60_000.0, away))

    def test_readouts_use_colours_of_the_theme(self, layer_spec: LayerSpec) -> None:
        layer = self._layer(layer_spec)
        for view in _views(layer_spec):
            self._update(layer, view)
            for step in range(40):
                readout = layer.inspect(ChartPoint(view.x1 * step / 40, 60_000.0, view))
                for _, _, token in readout.lines if readout else ():
                    assert token in view.theme.colours

    def _layer(self, spec: LayerSpec) -> Layer:
        layer: Layer = resolve(spec.factory)(FakeContext(settings=self.settings()))
        return layer

    def _update(self, layer: Layer, view: View) -> dict[StreamKey, Series]:
        series: dict[StreamKey, Series] = {}
        for request in layer.requests(view):
            one = series.setdefault(request.key, Series(request.key, self.kinds()[request.key.kind]))
            for batch in self.samples(request.key):
                one.apply(batch)
            one.end_of_history()
        layer.update(FakeChanges(series))
        return series

    @staticmethod
    def _draw(layer: Layer, view: View) -> RecordingCanvas:
        canvas = RecordingCanvas()
        for plane in Plane:
            layer.draw(canvas, view, plane)
        for call in canvas.calls:
            lengths = {len(value) for value in call.arguments.values() if isinstance(value, list)} - {1}
            assert len(lengths) <= 1 or call.name == "heat", f"{call.name} was given arrays of lengths {lengths}"
        return canvas


def _views(spec: LayerSpec) -> Iterator[View]:
    return (_placed(sample_view(lod), spec.placement) for lod in Lod)


def _placed(plot: View, placement: Placement) -> View:
    """The view of a strip, pane or table beside a plot, as the chart makes it."""
    match placement:
        case Placement.OVERLAY | Placement.SIDE:
            shown = plot.start_ns, plot.stop_ns
            return replace(plot, width_px=120.0, x0=0.0, x1=120.0, shown_ns=shown)
        case Placement.SUBPANE:
            return replace(plot, height_px=120.0, y0=-1_000.0, y1=1_000.0)
        case Placement.TABLE:
            return replace(plot, height_px=60.0, y0=60.0, y1=0.0)
        case Placement.PLOT:
            return plot


def _theme() -> Theme:
    from flowdeck.chart.theme import load_theme

    return load_theme("dark")
