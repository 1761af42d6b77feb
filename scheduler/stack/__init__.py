"""The stack: what EventBridge fires, how functions are packed and deployed, and overridden."""
