"""The page on which people answer, and look through a dataset: one HTML file, its own script, a server on loopback."""

__all__ = ["items", "server"]
