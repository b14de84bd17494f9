"""The Binance plugin keeps every contract; its streams against a server are tested with the plugin."""

from flowdeck.testing import PluginContract


class TestBinance(PluginContract):
    plugin = "flowdeck_binance.plugin"
