"""Footprint cells, bars and the footprint layer."""
