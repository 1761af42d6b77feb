"""The names of a project's parameters in SSM Parameter Store. Pure: standard library alone."""

ROOT = "/customlabels"


def champion(project: str) -> str:
    """Which version is the champion; written by promotions."""
    return f"{ROOT}/{project}/champion"


def schedule(project: str) -> str:
    """The schedule; part of the stack."""
    return f"{ROOT}/{project}/schedule"


def overrides(project: str) -> str:
    """What overrides the schedule for a time; written by people."""
    return f"{ROOT}/{project}/overrides"


def memory(project: str) -> str:
    """What the functions remember; written by them."""
    return f"{ROOT}/{project}/uptime"


def serving(project: str) -> str:
    """Which version answers requests, as far as the functions know; written by them."""
    return f"{ROOT}/{project}/serving"
