"""Custom Labels: its operations on projects, datasets and versions, and the states they go through."""
