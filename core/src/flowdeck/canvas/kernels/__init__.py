"""Compiled loops of the raster canvas."""
