"""The Lambda functions: what they look at, do, remember and tell."""
