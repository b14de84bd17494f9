"""The engine: sources, aggregators, stores, runs. It needs no Qt and imports none."""

from flowdeck.engine.engine import Engine
from flowdeck.engine.info import HeldStream, RunInfo
from flowdeck.engine.runs import Runs
from flowdeck.engine.subscription import Subscription

__all__ = ["Engine", "HeldStream", "RunInfo", "Runs", "Subscription"]
