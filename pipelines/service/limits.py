"""What the service takes. Pure: standard library alone."""

MAX_BYTES = 4_000_000
"""Of images sent as bytes. Source: Custom Labels developer guide, limits.md (4 MB, taken as the smaller)."""

MAX_STORED_BYTES = 15_000_000
"""Of images that are shown where they lie in S3. Source: the same (15 MB, taken as the smaller)."""
