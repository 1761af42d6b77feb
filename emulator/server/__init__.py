"""The local service's process: its address, its requests, its state on disk and its clock."""

__all__ = [
    "address",
    "chance",
    "clients",
    "clock",
    "gate",
    "http",
    "pickles",
    "protocol",
    "refusals",
    "requests",
    "seams",
    "store",
]
