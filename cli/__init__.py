"""The command: each module parses, calls and prints; none holds logic."""
