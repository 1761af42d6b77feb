"""Ground Truth manifests: one JSON object a line, one image a line."""
