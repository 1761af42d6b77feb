"""Whether machine, account and project are ready, before money is spent: a module a subject, findings from each.

It stands above the use cases, whose permissions, quotas and buckets it looks at, and below the session that joins it
with the scheduler's own subject.
"""

__all__ = ["checkup", "doctor_policies", "findings", "metrics"]
