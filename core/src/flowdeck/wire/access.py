"""Who may connect, and who may control: Host, Origin and the token of the data folder.

Loopback is not private: any page in a browser can open a socket to it. A browser always states the page's `Origin`,
and a page that rebound its own name to 127.0.0.1 states that name as `Host`.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from websockets.datastructures import Headers

from flowdeck.errors import EngineError

__all__ = ["is_loopback", "load_token", "proof_of", "refusal"]

_TOKEN_BYTES = 32


def is_loopback(host: str) -> bool:
    """Whether an address or name can only be reached from this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refusal(headers: Headers, listening: str) -> str | None:
    """Why a client with these headers is not let in; None when it is.

    Args:
        headers: Of the client's HTTP request.
        listening: The address that the server was told to listen on.
    """
    hosts = headers.get_all("Host")
    host = _hostname(f"//{hosts[0]}") if len(hosts) == 1 else ""
    if not _is_own(host, listening):
        return f"foreign Host {host!r}: connect by the address of this machine, not by a name"
    origins = headers.get_all("Origin")
    if origins and not (len(origins) == 1 and _hostname(origins[0]) and _is_near(_hostname(origins[0]), host)):
        return f"foreign Origin {origins[0]!r}: pages of other sites may not read this engine"
    return None


def _is_own(host: str, listening: str) -> bool:
    """A name that no stranger can point here: loopback, or beyond it an address literal or the configured name."""
    if is_loopback(host) or host == listening.lower():
        return True
    return not is_loopback(listening) and _is_address(host)


def _is_near(origin: str, host: str) -> bool:
    return is_loopback(origin) if is_loopback(host) else origin == host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _hostname(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def proof_of(token: str, nonce: str) -> str:
    """Proves that one knows the token without sending it: whoever took the port first learns nothing."""
    return hmac.new(token.encode(), nonce.encode(), hashlib.sha256).hexdigest()


def load_token(folder: Path) -> str:
    """The token in `folder/token`, made (mode 0600) where there is none; one that others could read is replaced.

    Raises:
        EngineError: when it can neither be read nor made.
    """
    path = folder / "token"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_mode & 0o077:
            path.unlink()
        if not path.is_file():
            _make_token(path)
        token = path.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise EngineError(f"{path}: no token can be kept there ({error}); choose another --data-dir") from error
    if not token:
        raise EngineError(f"{path} is empty: delete it, the engine makes a new one")
    return token


def _make_token(path: Path) -> None:
    """Write a fresh token; of two processes that do so at once, one wins and both read it."""
    draft = path.with_name(f".token.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
