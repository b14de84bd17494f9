"""The note that says where the engine of a data folder listens."""

from pathlib import Path

import pytest

from flowdeck.wire.whereabouts import noted, noted_address

URL = "ws://127.0.0.1:4711"


def test_what_is_noted_is_found_until_it_is_forgotten(tmp_path: Path) -> None:
    assert noted_address(tmp_path) is None
    with noted(tmp_path, URL):
        assert noted_address(tmp_path) == URL
        assert [path.name for path in tmp_path.iterdir()] == ["address"], "no draft is left"
    assert noted_address(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"http://127.0.0.1:80", b"x" * 10_000])
def test_what_is_no_address_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "address").write_bytes(content)
    assert noted_address(tmp_path) is None


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    with noted(tmp_path / "missing", URL):
        assert noted_address(tmp_path / "missing") is None
