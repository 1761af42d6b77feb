"""How good a version is: its snapshot, figures, comparison, gate, thresholds and report."""

__all__ = [
    "comparison",
    "curves",
    "evaluation_summary",
    "gate",
    "gate_document",
    "judging",
    "measured",
    "metrics",
    "metrics_files",
    "re_evaluation",
    "report",
    "results",
    "snapshot",
    "training_snapshot",
]
