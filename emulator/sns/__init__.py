"""SNS: what topics hand to functions."""
