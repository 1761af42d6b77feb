"""How good a version is: its snapshot, figures, comparison, gate, thresholds and report."""
