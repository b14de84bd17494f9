"""Who answers as the engine: one that runs already, one at a given address, or a child of this window."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from flowdeck.desktop.child import ChildEngine
from flowdeck.errors import EngineError, FlowdeckError, ProtocolError
from flowdeck.instruments import Instrument
from flowdeck.streams import StreamEvent, StreamKey, StreamRequest

__all__ = ["AttachDialer", "Connection", "Dialer", "FolderDialer", "OwnEngineDialer", "Stream"]


class Stream(Protocol):
    """An open stream at the engine; iterate it for its events."""

    @property
    def key(self) -> StreamKey: ...

    @property
    def instrument(self) -> Instrument | None: ...

    def __aiter__(self) -> Any: ...

    async def __anext__(self) -> StreamEvent: ...

    async def cancel(self) -> None: ...


class Connection(Protocol):
    """What the link needs of `flowdeck.wire.client.Client`."""

    @property
    def hello(self) -> Mapping[str, Any]: ...

    async def connect(self) -> Any: ...

    async def open(self, request: StreamRequest) -> Any: ...

    async def request(self, name: str, **fields: Any) -> dict[str, Any]: ...

    def on_event(self, callback: Callable[[str, dict[str, Any]], None]) -> Any: ...

    async def wait_closed(self) -> None: ...

    async def close(self) -> None: ...


MakeConnection = Callable[[str, str | None], Connection]
"""Builds an unconnected client for a URL and a token."""


class Dialer(Protocol):
    """Finds the engine, again and again."""

    @property
    def url(self) -> str:
        """Where it was last looked for, for the status bar."""
        ...

    @property
    def owns_engine(self) -> bool:
        """Whether the engine is this window's child."""
        ...

    async def connect(self) -> Connection:
        """Connect once.

        Raises:
            FlowdeckError: with the reason, one line.
        """
        ...

    async def close(self, *, keep: bool) -> None:
        """End the child, or with `keep` leave it to itself."""
        ...


class AttachDialer:
    """The engine at an address that the user gave."""

    owns_engine = False

    def __init__(self, url: str, token: str | None, make: MakeConnection) -> None:
        self.url = url
        self._token = token
        self._make = make

    async def connect(self) -> Connection:
        """Connect to the address; every other program on the port is told apart."""
        connection = self._make(self.url, self._token)
        await connection.connect()
        return connection

    async def close(self, *, keep: bool) -> None:
        """Nothing to end: the engine is somebody else's."""


class FolderDialer:
    """The engine that holds a data folder, wherever it listens, such as the child of another window.

    Args:
        folder: The data folder.
        find: Where its engine said that it listens; None when none did.
        token: The folder's.
        make: Builds clients.
    """

    def __init__(self, folder: Path, find: Callable[[Path], str | None], token: str, make: MakeConnection) -> None:
        self.url = ""
        self._folder, self._find, self._token, self._make = folder, find, token, make

    async def connect(self) -> Connection:
        """Connect to it.

        Raises:
            FlowdeckError: when there is none, or when what listens there now is the engine of another folder.
        """
        url = self._find(self._folder)
        if url is None:
            raise EngineError(f"no engine has said that it holds {self._folder}")
        connection = self._make(url, self._token)
        await connection.connect()
        held = connection.hello.get("data")
        if held is not None and Path(str(held)) != self._folder:
            await connection.close()
            raise EngineError(f"the engine at {url} holds {held}, not {self._folder}")
        self.url = url
        return connection


class Attaching(Protocol):
    """Dials an engine that is not this window's to end."""

    @property
    def url(self) -> str: ...

    async def connect(self) -> Connection: ...


class OwnEngineDialer:
    """The engine that runs already, else a child of this process.

    Args:
        running: Dial engines that may run, such as that at the configured port; in this order.
        make: Builds clients.
        options: Global options for the child.
        new_child: Makes child engines; tests put a fake here.
    """

    def __init__(
        self,
        running: Sequence[Attaching],
        make: MakeConnection,
        options: Sequence[str] = (),
        new_child: Callable[[Sequence[str]], ChildEngine] = ChildEngine,
    ) -> None:
        self._running = running
        self._make = make
        self._options = options
        self._new_child = new_child
        self._child: ChildEngine | None = None
        self.url = running[0].url

    @property
    def owns_engine(self) -> bool:
        """Whether the engine is this window's child."""
        return self._child is not None

    @property
    def child_pid(self) -> int | None:
        """Process id of the child while it runs."""
        return self._child.pid if self._child is not None else None

    async def connect(self) -> Connection:
        """Attach to an engine that runs, else start a child (again, when the last one died)."""
        await self._bury()
        for running in self._running:
            with contextlib.suppress(EngineError, ProtocolError, OSError):
                connection = await running.connect()
                self.url = running.url
                return connection
        return await self._start_child()

    async def _start_child(self) -> Connection:
        self._child = child = self._new_child(self._options)
        try:
            announced = await child.start()
            self.url = announced.url
            connection = self._make(announced.url, announced.token)
            await connection.connect()
        except FlowdeckError:
            await self._bury()
            raise
        return connection

    async def _bury(self) -> None:
        if self._child is not None:
            child, self._child = self._child, None
            await child.stop()

    async def close(self, *, keep: bool) -> None:
        """End the child, or with `keep` leave it to itself."""
        if keep and self._child is not None:
            self._child.leave()
            self._child = None
        await self._bury()
