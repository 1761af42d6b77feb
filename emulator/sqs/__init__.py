"""SQS: queues that stay quick however much waits in them, and redrive from dead letters."""

__all__ = ["moving", "queues"]
