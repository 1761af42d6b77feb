"""Systems Manager: parameters."""
