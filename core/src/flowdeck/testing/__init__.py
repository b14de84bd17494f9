"""A kit for plugin authors: fakes, a fake clock, a capture builder and contract suites for every role."""

from flowdeck.testing.canvas import RecordingCanvas
from flowdeck.testing.clock import FakeClock
from flowdeck.testing.context import FakeAggregatorContext, FakeContext, FakeKeys, FakeSourceContext, FakeStoreContext
from flowdeck.testing.contracts import PluginContract
from flowdeck.testing.contracts.layer import FakeChanges, sample_view
from flowdeck.testing.samples import SAMPLE_INSTRUMENT, SAMPLE_START, sample_batches, sample_trades

__all__ = [
    "SAMPLE_INSTRUMENT",
    "SAMPLE_START",
    "FakeAggregatorContext",
    "FakeChanges",
    "FakeClock",
    "FakeContext",
    "FakeKeys",
    "FakeSourceContext",
    "FakeStoreContext",
    "PluginContract",
    "RecordingCanvas",
    "sample_batches",
    "sample_trades",
    "sample_view",
]
