"""Who answers as the engine: one that runs already, one at a given address, or a child of this window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from flowdeck.desktop.child import ChildEngine
from flowdeck.errors import EngineError, FlowdeckError, ProtocolError
from flowdeck.instruments import Instrument
from flowdeck.streams import StreamEvent, StreamKey, StreamRequest

__all__ = ["AttachDialer", "Connection", "Dialer", "OwnEngineDialer", "Stream"]


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


class OwnEngineDialer:
    """The engine that runs at the usual port, else a child of this process.

    Args:
        usual: Dials the engine at the configured port.
        make: Builds clients.
        options: Global options for the child.
        new_child: Makes child engines; tests put a fake here.
    """

    def __init__(
        self,
        usual: AttachDialer,
        make: MakeConnection,
        options: Sequence[str] = (),
        new_child: Callable[[Sequence[str]], ChildEngine] = ChildEngine,
    ) -> None:
        self._usual = usual
        self._make = make
        self._options = options
        self._new_child = new_child
        self._child: ChildEngine | None = None
        self.url = usual.url

    @property
    def owns_engine(self) -> bool:
        """Whether the engine is this window's child."""
        return self._child is not None

    @property
    def child_pid(self) -> int | None:
        """Process id of the child while it runs."""
        return self._child.pid if self._child is not None else None

    async def connect(self) -> Connection:
        """Attach to the engine at the usual port, else start a child (again, when the last one died)."""
        await self._bury()
        try:
            connection = await self._usual.connect()
        except (EngineError, ProtocolError, OSError):
            return await self._start_child()
        self.url = self._usual.url
        return connection

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
