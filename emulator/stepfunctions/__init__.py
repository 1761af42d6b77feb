"""Step Functions: state machines interpreted here, every step on disk."""

__all__ = ["replayed", "service"]
