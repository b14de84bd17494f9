"""The engine: sources, aggregators, stores, runs. It needs no Qt and imports none."""

from flowdeck.engine.engine import Engine, Subscription
from flowdeck.engine.info import HeldStream, RunInfo

__all__ = ["Engine", "HeldStream", "RunInfo", "Subscription"]
