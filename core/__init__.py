"""What every room shares: errors, settings, AWS sessions, S3 addresses, console output."""

__all__ = [
    "addresses",
    "console",
    "errors",
    "files",
    "grace",
    "pacing",
    "prices",
    "settings",
    "signals",
    "spans",
    "tables",
    "templates",
    "threads",
    "thresholds",
    "waiting",
    "watching",
]
