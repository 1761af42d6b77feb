"""Layouts of labelled images, read into one neutral type."""
