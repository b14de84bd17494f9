"""What every test may ask for."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_DATA = Path(os.environ.get("FLOWDECK_DATA", Path(__file__).parents[1].parent / "shared" / "data"))


def _capture(name: str) -> Path:
    path = _DATA / "binance" / name
    if not path.is_file():
        pytest.skip(f"no real captures at {_DATA} (set FLOWDECK_DATA)")
    return path


@pytest.fixture(scope="session")
def usdm_capture() -> Path:
    """The real USD-M BTCUSDT capture of 2024-08-08."""
    return _capture("usdm_btcusdt_20240808.gz")


@pytest.fixture(scope="session")
def spot_capture() -> Path:
    """The real spot BTCUSDT capture of 2024-08-08."""
    return _capture("spot_btcusdt_20240808.gz")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's configuration or data."""
    monkeypatch.setenv("FLOWDECK_CONFIG", str(tmp_path / "config" / "config.toml"))
    monkeypatch.setenv("FLOWDECK_DATA_DIR", str(tmp_path / "data"))
