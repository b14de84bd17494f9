"""The core's version, and the plugin API that follows from it."""

from importlib.metadata import version

__version__ = version("flowdeck")

API_VERSION = ".".join(__version__.split(".")[:2])
"""Major and minor of the core: what a plugin's `Requires-Dist: flowdeck` is checked against."""
