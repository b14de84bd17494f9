"""Contract suites: what every source, aggregator, store and layer must do, run with one import.

Example:
    >>> from flowdeck.testing import PluginContract
    >>>
    >>> class TestMyPlugin(PluginContract):
    ...     plugin = "my_plugin.plugin"
"""

from flowdeck.testing.contracts.aggregator import AggregatorContract
from flowdeck.testing.contracts.layer import LayerContract
from flowdeck.testing.contracts.plugin import DeclarationContract
from flowdeck.testing.contracts.source import SourceContract
from flowdeck.testing.contracts.store import StoreContract

__all__ = [
    "AggregatorContract",
    "DeclarationContract",
    "LayerContract",
    "PluginContract",
    "SourceContract",
    "StoreContract",
]


class PluginContract(DeclarationContract, SourceContract, AggregatorContract, StoreContract, LayerContract):
    """Every suite for whatever the plugin declares; a role that it does not have adds no test."""
