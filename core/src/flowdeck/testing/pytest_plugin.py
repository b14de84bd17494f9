"""Fixtures that every plugin's tests may ask for, loaded by pytest wherever flowdeck is installed.

It imports nothing of the kit before a test asks for it: pytest loads this in every project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flowdeck.testing.clock import FakeClock

__all__ = ["flowdeck_clock"]


@pytest.fixture
def flowdeck_clock() -> FakeClock:
    """A clock that moves when told to."""
    from flowdeck.testing.clock import FakeClock

    return FakeClock()
