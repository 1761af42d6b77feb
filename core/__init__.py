"""What every room shares: errors, settings, AWS sessions, S3 addresses, console output."""

__all__ = [
    "addresses",
    "console",
    "errors",
    "files",
    "grace",
    "known_names",
    "pacing",
    "plurals",
    "prices",
    "printable",
    "settings",
    "settings_schema",
    "signals",
    "spans",
    "tables",
    "templates",
    "threads",
    "thresholds",
    "waiting",
    "watching",
]
