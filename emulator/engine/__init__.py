"""Training engines: images to a model, its confidences, its thresholds."""

__all__ = [
    "box_training",
    "classifier",
    "detector",
    "detector_pixels",
    "features",
    "job",
    "job_files",
    "kept_features",
    "warm_jobs",
]
