"""IAM: who calls, and what they may."""

__all__ = ["credentials", "enforcement", "policies"]
