"""The inspection's stack: queue, function, table, alarms, and the bucket's notification beside it."""

__all__ = ["batch_machine", "batch_policy", "inspection_policy", "inspection_stack", "notifications", "template"]
