"""Schedules tried out before they are deployed."""

__all__ = ["capacity", "demand", "figures", "foresight", "page", "simulated", "suggestion", "week"]
