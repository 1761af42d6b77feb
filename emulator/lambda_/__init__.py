"""Lambda without Docker: functions as processes, invoked, logged, and fed from queues."""
