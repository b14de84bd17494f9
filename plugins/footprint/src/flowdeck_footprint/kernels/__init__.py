"""Arithmetic of the footprint: pure numbers, no I/O."""
