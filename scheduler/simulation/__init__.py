"""Schedules tried out before they are deployed."""
