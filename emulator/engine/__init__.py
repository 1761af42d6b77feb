"""Training engines: images to a model, its confidences, its thresholds."""
