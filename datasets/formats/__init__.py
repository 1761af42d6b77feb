"""Layouts of labelled images, a module a format: `read` and, but for a few, `place` and `save`."""
