"""Layout: what each area gets, what shrinks first, what lies under a pixel."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowdeck.chart.layout import arrange
from flowdeck.chart.parts import Rect, ZoneKind
from flowdeck.specs import LayerSpec, Placement

PROFILE = LayerSpec("profile", "P", "m:a", placement=Placement.OVERLAY, preferred_px=144, min_px=60)
BOOK = LayerSpec("book", "B", "m:a", placement=Placement.SIDE, preferred_px=172, min_px=172, collapsed_px=96)
STATS = LayerSpec("stats", "S", "m:a", placement=Placement.TABLE, preferred_px=120, min_px=120)
DELTA = LayerSpec("delta", "D", "m:a", placement=Placement.SUBPANE, preferred_px=98, min_px=98)
PRICE = LayerSpec("price", "X", "m:a")
ALL = (PRICE, PROFILE, BOOK, DELTA, STATS)


def test_the_design_s_window_is_laid_out_as_drawn() -> None:
    layout = arrange(1616, 1004, ALL, {})
    assert layout.plot == Rect(0, 0, 1376, 762)
    assert layout.price_axis == Rect(1548, 0, 68, 762)
    assert layout.time_axis == Rect(0, 980, 1376, 24)
    book, profile = layout.band("book"), layout.band("profile")
    assert book is not None
    assert profile is not None
    assert book.rect == Rect(1376, 0, 172, 762)
    assert profile.rect == Rect(1232, 0, 144, 762)
    assert [band.id for band in layout.of(Placement.TABLE, Placement.SUBPANE)] == ["stats", "delta"]


def test_a_narrow_chart_folds_the_book_and_a_low_one_hides_cvd_first_then_the_table() -> None:
    narrow = arrange(860, 1004, ALL, {}).band("book")
    assert narrow is not None
    assert narrow.rect.width == 96
    low = arrange(1616, 600, ALL, {})
    assert low.band("delta") is None
    assert low.band("stats") is not None
    assert arrange(1616, 500, ALL, {}).band("stats") is None


def test_an_overlay_takes_at_most_its_share_of_the_plot() -> None:
    profile = arrange(900, 1004, (PRICE, PROFILE), {}).band("profile")
    assert profile is not None
    assert profile.rect.width == pytest.approx(832 * 0.14)


def test_a_dragged_strip_keeps_its_size_and_folds_when_dragged_far_under_its_minimum() -> None:
    wide, folded, least = (arrange(1616, 1004, ALL, {"book": px}).band("book") for px in (300, 120, 150))
    assert wide is not None
    assert folded is not None
    assert least is not None
    assert (wide.rect.width, folded.rect.width, least.rect.width) == (300, 96, 172)


def test_zones_are_what_they_look_like() -> None:
    layout = arrange(1616, 1004, ALL, {})
    found = {
        (600, 300): (ZoneKind.PLOT, ""),
        (1300, 300): (ZoneKind.OVERLAY, "profile"),
        (1450, 300): (ZoneKind.SIDE, "book"),
        (1580, 300): (ZoneKind.PRICE_AXIS, ""),
        (600, 800): (ZoneKind.TABLE, "stats"),
        (600, 950): (ZoneKind.SUBPANE, "delta"),
        (1580, 950): (ZoneKind.VALUE_AXIS, "delta"),
        (600, 990): (ZoneKind.TIME_AXIS, ""),
        (1377, 300): (ZoneKind.SEPARATOR, "book"),
        (600, 881): (ZoneKind.SEPARATOR, "delta"),
        (1600, 995): (ZoneKind.NONE, ""),
        (-5, 300): (ZoneKind.NONE, ""),
    }
    for (x, y), (kind, layer) in found.items():
        zone = layout.hit(x, y)
        assert (zone.kind, zone.id) == (kind, layer), (x, y)
    assert layout.hit(1377, 300).moves == "x"
    assert layout.hit(600, 881).moves == "y"


@settings(deadline=None)
@given(
    st.floats(1, 4000),
    st.floats(1, 3000),
    st.dictionaries(st.sampled_from(["book", "delta", "stats"]), st.floats(1, 5000)),
)
def test_areas_fill_the_chart_without_overlap_at_any_size(
    width: float, height: float, chosen: dict[str, float]
) -> None:
    layout = arrange(width, height, ALL, chosen)
    sides = layout.of(Placement.SIDE)
    panes = layout.of(Placement.TABLE, Placement.SUBPANE)
    edges = [layout.plot.right, *(band.rect.right for band in sides)]
    assert [band.rect.left for band in sides] == edges[:-1]
    assert layout.price_axis.left == pytest.approx(edges[-1]) or layout.plot.width == 1.0
    tops = [layout.plot.bottom, *(band.rect.bottom for band in panes)]
    assert [band.rect.top for band in panes] == tops[:-1]
    assert layout.time_axis.top == pytest.approx(tops[-1]) or layout.plot.height == 1.0
    assert layout.plot.width >= min(160, width / 2) - 1 or not sides
