"""Uptime of models: started and stopped on purpose only, with what they cost."""

__all__ = [
    "actions",
    "deployed",
    "models",
    "overriding",
    "plan",
    "readiness",
    "schedule_settings",
    "uptime",
    "uptime_status",
    "windows",
]
