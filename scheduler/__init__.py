"""Uptime of models: started and stopped on purpose only, with what they cost."""
