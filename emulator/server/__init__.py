"""The local service's process: its address, its requests, its state on disk and its clock."""
