"""How long an answer of the service may lag behind one's own calls. Pure: standard library alone."""

GRACE = 120.0
"""Seconds after a call of one's own for which an answer may show things as they were before it."""
