"""Lambda without Docker: functions as processes, invoked, logged, and fed from queues."""

__all__ = ["event_sources", "functions", "invoking", "logs"]
