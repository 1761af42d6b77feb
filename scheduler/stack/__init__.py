"""The schedule's stack: what EventBridge fires, the functions' code and roles, its removal, and what overrides it.

From outside: `schedule_stack.assemble`, `schedule_deployment.deploy`, `removal.remove`, `overrides`, `own_cost`. The
rest is what the template is made of.
"""

__all__ = ["overrides", "own_cost", "removal", "schedule_deployment", "schedule_policy", "schedule_stack"]
