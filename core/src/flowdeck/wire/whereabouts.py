"""Where the engine of a data folder listens: a file beside its token, for windows that would start a second one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["noted", "noted_address"]

_LONGEST = 300


@contextlib.contextmanager
def noted(folder: Path, url: str) -> Iterator[None]:
    """State meanwhile that the engine which holds `folder` listens at `url`; where that cannot be written, do not."""
    draft = folder / f".address.{os.getpid()}"
    with contextlib.suppress(OSError):
        draft.write_text(f"{url}\n", "ascii")
        draft.replace(folder / "address")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / "address").unlink(missing_ok=True)


def noted_address(folder: Path) -> str | None:
    """The address that was noted. Its engine may have died since, and another program may have taken the port."""
    try:
        url = (folder / "address").read_bytes()[:_LONGEST].decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return url if url.startswith(("ws://", "wss://")) else None
