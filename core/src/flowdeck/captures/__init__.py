"""Captures: gzip text, a line a frame, `<local ns> <raw JSON as received>`; docs/captures.md is the format.

Reading: `open_capture` recognises a file and answers a reader and a primed parser; `pump` feeds the one to the other.
Recording: a source calls a `Tap` with everything it receives; `CaptureRecorder` is the tap that writes files.
An engine that records asks `isinstance(source, Recordable)` and, before `run`, calls
`source.record(lambda venue: CaptureRecorder(folder, spec.id, venue, ts=time.time_ns()))`.
"""

from flowdeck.captures.frames import Control, Frame, Problem
from flowdeck.captures.index import CaptureIndex, Mark, index_path
from flowdeck.captures.opening import OpenCapture, open_capture, pump, recognise
from flowdeck.captures.reader import LONGEST_LINE, CaptureReader, span
from flowdeck.captures.recorder import CaptureRecorder, Recordable, Tap
from flowdeck.captures.writer import MEMBER_NS, CaptureWriter

__all__ = [
    "LONGEST_LINE",
    "MEMBER_NS",
    "CaptureIndex",
    "CaptureReader",
    "CaptureRecorder",
    "CaptureWriter",
    "Control",
    "Frame",
    "Mark",
    "OpenCapture",
    "Problem",
    "Recordable",
    "Tap",
    "index_path",
    "open_capture",
    "pump",
    "recognise",
    "span",
]
