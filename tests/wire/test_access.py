"""Who is let in, and the token."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from websockets.datastructures import Headers

from flowdeck.errors import EngineError
from flowdeck.wire.access import is_loopback, load_token, proof_of, refusal


def headers(host: str | None, origin: str | None = None) -> Headers:
    found = Headers()
    if host is not None:
        found["Host"] = host
    if origin is not None:
        found["Origin"] = origin
    return found


@pytest.mark.parametrize("host", ["127.0.0.1:8766", "localhost:8766", "LOCALHOST", "[::1]:1", "127.0.0.2"])
@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "http://127.0.0.1", "https://[::1]:9"])
def test_this_machine_is_let_in(host: str, origin: str | None) -> None:
    assert refusal(headers(host, origin), "127.0.0.1") is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:8766",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "a@b:x",
        "[",
        "localhost.evil",
    ],
)
def test_names_that_strangers_may_own_are_refused_as_host(host: str | None) -> None:
    assert "foreign Host" in (refusal(headers(host), "127.0.0.1") or "")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://127.0.0.1.evil.example", "file://", "http://localhost.evil"]
)
def test_pages_of_others_are_refused(origin: str) -> None:
    assert "foreign Origin" in (refusal(headers("127.0.0.1:8766", origin), "127.0.0.1") or "")


def test_two_hosts_or_origins_are_refused() -> None:
    twice = headers("127.0.0.1", "http://localhost")
    twice["Origin"] = "http://evil.example"
    assert "foreign Origin" in (refusal(twice, "127.0.0.1") or "")
    hosts = headers("127.0.0.1")
    hosts["Host"] = "evil.example"
    assert "foreign Host" in (refusal(hosts, "127.0.0.1") or "")


def test_beyond_loopback_addresses_and_the_own_name_are_hosts() -> None:
    assert refusal(headers("192.168.0.7:8766"), "0.0.0.0") is None
    assert refusal(headers("desk.lan:8766"), "desk.lan") is None
    assert "foreign Host" in (refusal(headers("evil.example"), "0.0.0.0") or "")


def test_beyond_loopback_a_page_must_come_from_the_same_host() -> None:
    assert refusal(headers("192.168.0.7:8766", "http://192.168.0.7"), "0.0.0.0") is None
    assert "foreign Origin" in (refusal(headers("192.168.0.7", "http://192.168.0.8"), "0.0.0.0") or "")
    assert "foreign Origin" in (refusal(headers("192.168.0.7", "http://localhost"), "0.0.0.0") or "")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost.", True), ("0.0.0.0", False), ("desk", False)],
)
def test_loopback_is_told_from_the_rest(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_token_is_made_once_and_only_for_the_owner(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    token = load_token(folder)
    assert len(token) >= 40
    assert (folder / "token").stat().st_mode & 0o777 == 0o600
    assert load_token(folder) == token
    assert [path.name for path in folder.iterdir()] == ["token"]


def test_a_token_that_others_could_read_is_replaced(tmp_path: Path) -> None:
    token = load_token(tmp_path)
    (tmp_path / "token").chmod(0o640)
    assert load_token(tmp_path) != token
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_a_token_made_by_another_process_at_once_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def overtaken(source: Path, target: Path) -> None:
        if not target.exists():
            target.write_text("theirs\n")
        link(source, target)

    monkeypatch.setattr(os, "link", overtaken)
    assert load_token(tmp_path) == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_an_empty_token_is_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").touch(0o600)
    with pytest.raises(EngineError, match="is empty"):
        load_token(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="no token can be kept there"):
        load_token(tmp_path / "file")


def test_a_proof_depends_on_token_and_nonce() -> None:
    assert proof_of("a", "n") == proof_of("a", "n")
    assert len({proof_of("a", "n"), proof_of("b", "n"), proof_of("a", "m")}) == 3
