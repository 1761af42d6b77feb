"""The inspection's stack: queue, function, table, alarms, and the bucket's notification beside it."""
