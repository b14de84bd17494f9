"""Everything that Flowdeck expects of a plugin, and what this one adds."""

from flowdeck.testing import PluginContract


class TestContract(PluginContract):
    plugin = "flowdeck_footprint.plugin"
