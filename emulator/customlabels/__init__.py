"""Custom Labels: its operations on projects, datasets and versions, and the states they go through."""

__all__ = [
    "box_evaluation",
    "context",
    "datasets",
    "dividing",
    "evaluation",
    "hosting",
    "inference",
    "lag",
    "policies",
    "projects",
    "state",
    "training",
    "updates",
    "versions",
]
