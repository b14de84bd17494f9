"""Flowdeck: order flow as streams, and a chart that reads them."""

from flowdeck.version import API_VERSION, __version__

__all__ = ["API_VERSION", "__version__"]
