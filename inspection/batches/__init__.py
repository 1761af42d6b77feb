"""Batches: lists of images of any length, looked at by a state machine of the inspection's stack."""

__all__ = [
    "batch_plan",
    "batch_runs",
    "candidates",
    "listing",
    "sources",
]
