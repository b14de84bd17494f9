"""One tree of errors. A message names what is wrong, where, and what to do about it."""

__all__ = [
    "CaptureError",
    "ConfigError",
    "EngineError",
    "FlowdeckError",
    "FrameError",
    "HeldFrame",
    "InstrumentError",
    "PluginError",
    "ProtocolError",
    "StreamError",
    "TimeframeError",
]


class FlowdeckError(Exception):
    """Base of every error that Flowdeck raises on purpose; its text is fit for a user."""

    code = "error"
    """Stable word for the error on the wire and in `--json` output."""


class ConfigError(FlowdeckError):
    """A configuration file, environment variable or option that cannot be used."""

    code = "config"


class InstrumentError(FlowdeckError):
    """An instrument that cannot be described or parsed."""

    code = "instrument"


class StreamError(FlowdeckError):
    """A stream key, kind or batch that breaks its contract."""

    code = "stream"


class TimeframeError(FlowdeckError):
    """A timeframe outside the grammar of `flowdeck.timeframes`."""

    code = "timeframe"


class CaptureError(FlowdeckError):
    """A capture file that cannot be read or written; the text names file and line."""

    code = "capture"


class FrameError(FlowdeckError):
    """One frame that a parser refuses; the frames before and after it stay good."""

    code = "frame"


class HeldFrame(FrameError):  # noqa: N818 - the frame may yet turn out good
    """A frame that a parser keeps back until a later one shows whether it is good, or the verdict on such a one.

    Attributes:
        held: Number under which the frame that was just fed is kept back; 0 when it is kept.
        belied: Number of an earlier held frame that is refused now, for the reason that the text says; 0 if none.
    """

    def __init__(self, message: str = "", *, held: int = 0, belied: int = 0) -> None:
        super().__init__(message)
        self.held, self.belied = held, belied


class PluginError(FlowdeckError):
    """A plugin that cannot be loaded or that broke its contract."""

    code = "plugin"


class EngineError(FlowdeckError):
    """An engine that cannot start, be reached or do what was asked."""

    code = "engine"


class ProtocolError(FlowdeckError):
    """A wire message that breaks the protocol; the sender is told and closed."""

    code = "protocol"
