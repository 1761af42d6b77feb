"""EventBridge and its Scheduler: what fires by the clock or by an event, and how that is delivered."""

__all__ = ["deliveries", "expressions", "firing", "targets"]
