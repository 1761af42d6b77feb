"""From labelled images to a trained version: plan, upload, run, lineage, failure."""
