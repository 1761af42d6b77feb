"""What every room shares: errors, settings, AWS sessions, S3 addresses, console output."""
