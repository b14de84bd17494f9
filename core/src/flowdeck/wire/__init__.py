"""Streams and requests between processes: a WebSocket server in front of an engine, and its client.

`docs/wire.md` is the protocol for authors of scripts.
"""
