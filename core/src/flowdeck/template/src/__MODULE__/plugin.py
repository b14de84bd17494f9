"""Declares the plugin; imports nothing heavy."""

from flowdeck.hookspecs import hookimpl
from flowdeck.specs import LayerSpec, SettingsSpec


@hookimpl
def register_settings():
    return SettingsSpec("__MODULE__.settings:__CLASS__Settings")


@hookimpl
def register_layers():
    yield LayerSpec("__PLUGIN__", "__TITLE__", "__MODULE__.layer:__CLASS__Layer", requires=("bars",))
