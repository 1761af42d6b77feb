"""From labelled images to a trained version: plan, upload, run, lineage, failure."""

__all__ = [
    "conclusion",
    "dataset_marks",
    "forecast",
    "lineage",
    "run",
    "run_plan",
    "s3_source",
    "sources",
    "submission",
    "ticket",
    "version_table",
]
