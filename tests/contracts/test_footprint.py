"""The footprint plugin keeps every contract."""

from flowdeck.testing import PluginContract


class TestFootprint(PluginContract):
    plugin = "flowdeck_footprint.plugin"
