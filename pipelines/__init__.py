"""Project, datasets, training, evaluation, gate: from labelled images to a judged version."""

__all__ = ["following", "policies", "promotion"]
