"""From a capture to the parser that understands it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from flowdeck.captures.frames import Control, Frame
from flowdeck.captures.reader import CaptureReader
from flowdeck.errors import CaptureError, FrameError
from flowdeck.specs import FrameParser, SourceSpec, resolve

__all__ = ["OpenCapture", "open_capture", "pump", "recognise"]

_HEAD_LINES = 5_000


@dataclass(frozen=True)
class OpenCapture:
    """A capture with its parser, ready to be fed.

    Attributes:
        reader: Reads from the beginning.
        parser: Primed with the opening frames, so that it knows instruments and trade feed before the first row.
        spec: The source that the frames come from.
        venue: The venue that they come from.
    """

    reader: CaptureReader
    parser: FrameParser
    spec: SourceSpec
    venue: str


def recognise(path: Path | str, sources: Iterable[Any]) -> tuple[SourceSpec, str]:
    """Which source wrote a capture, and from which venue: stated by a control line, else told from its frames.

    Args:
        path: The capture.
        sources: Specs, or registrations that hold one as `.spec` (`PluginManager.sources()`).

    Raises:
        CaptureError: when the file cannot be read or nobody knows its frames; the text names the file.
    """
    reader = CaptureReader(path)
    return _recognise(reader, sources, _head(reader))


def open_capture(
    path: Path | str, sources: Iterable[Any], *, wanted: frozenset[str] | None = None, run: str | None = None
) -> OpenCapture:
    """Recognise a capture and prime its parser.

    Args:
        path: The capture.
        sources: As in `recognise`.
        wanted: Kinds to parse; None for all.
        run: Run that the parsed keys carry.

    Raises:
        CaptureError: as `recognise`.
    """
    reader = CaptureReader(path)
    head = _head(reader)
    spec, venue = _recognise(reader, sources, head)
    make = resolve(spec.parser)
    scout, parser = make(venue, None, run), make(venue, wanted, run)
    for item in head:
        _feed(reader, scout, item)
    parser.adopt(scout)
    return OpenCapture(CaptureReader(path), parser, spec, venue)


def pump(reader: CaptureReader, parser: FrameParser) -> Iterator[int]:
    """Feed a capture to its parser; refused frames become problems of the reader.

    Yields:
        The number of frames fed so far, every few thousand lines: drain the parser then.
    """
    frames = 0
    for block in reader.blocks():
        if frames:
            yield frames
        for item in block:
            _feed(reader, parser, item)
        frames = reader.frames
    parser.control(0, {"event": "end"})
    yield frames


def _feed(reader: CaptureReader, parser: FrameParser, item: Frame | Control) -> None:
    if isinstance(item, Control):
        parser.control(item.ts, item.record)
        return
    try:
        parser.feed(item.ts, item.data)
    except FrameError as error:
        reader.refuse(item.line, error)


def _head(reader: CaptureReader) -> list[Frame | Control]:
    return list(islice(reader, _HEAD_LINES))


def _recognise(reader: CaptureReader, sources: Iterable[Any], head: list[Frame | Control]) -> tuple[SourceSpec, str]:
    specs = [spec for source in sources if (spec := getattr(source, "spec", source)).parser]
    for item in head:
        found = _stated(item.record, specs) if isinstance(item, Control) else _told(item.data, specs)
        if found:
            return found
    if not head:
        raise CaptureError(f"{reader.path}: holds no frames{reader.first_problem}")
    known = ", ".join(sorted(spec.id for spec in specs)) or "none"
    raise CaptureError(
        f"{reader.path}: no plugin knows these frames (sources that read captures: {known}){reader.first_problem}"
    )


def _stated(record: dict[str, Any], specs: list[SourceSpec]) -> tuple[SourceSpec, str] | None:
    for spec in specs:
        if record.get("source") == spec.id and record.get("market") in spec.venues:
            return spec, str(record["market"])
    return None


def _told(frame: bytes, specs: list[SourceSpec]) -> tuple[SourceSpec, str] | None:
    for spec in specs:
        venue = resolve(spec.parser).recognises(frame)
        if venue is not None:
            return spec, venue
    return None
