"""Arithmetic of order flow that several plugins share."""

from flowdeck.orderflow.profile import point_of_control, points_of_control

__all__ = ["point_of_control", "points_of_control"]
