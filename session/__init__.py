"""The use cases as Python has them: what the command does, each a function of a session.

From outside: `Session`, and `printed_policies`, which is not loaded with it. `session` holds settings
and clients and lists the use cases; each stands in the module of its subject: a new one is a function there, or in a
module of its own, and a line in that list.
"""

from customlabels.session.session import Session

__all__ = ["Session", "printed_policies"]
