"""S3: objects kept on disk."""
