"""Systems Manager: parameters."""

__all__ = ["parameters"]
