"""The inspection's stack: queue, function, table, alarms, and the bucket's notification beside it."""

__all__ = ["inspection_policy", "inspection_stack", "notifications", "template"]
