"""IAM: who calls, and what they may."""
