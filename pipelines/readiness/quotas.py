"""Quotas: how much of each is used, and what is left.

Source: AWS General Reference, "Amazon Rekognition endpoints and quotas"; Service Quotas tells what an account was given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from customlabels.aws.clients import Clients, explained
from customlabels.core.errors import ServiceError
from customlabels.pipelines.readiness.census import Census
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing

SUBJECT = "quotas"
_FEW = 0.8
"""Share of a quota from which on little is left."""

ONE_TRAINING = frozenset({"ap-southeast-2"})
"""Regions in which an account trains one version at a time."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota: its words in Service Quotas' names, its default, and whether it is full for a while only."""

    name: str
    words: tuple[str, ...]
    default: int
    passing: bool


RUNNING = Quota("running models", ("running", "model"), 2, passing=True)
TRAININGS = Quota("trainings at once", ("concurrent", "train"), 2, passing=True)
PROJECTS = Quota("projects", ("projects",), 100, passing=False)
VERSIONS = Quota("versions of a project", ("models", "project"), 100, passing=False)


def quotas(clients: Clients, taken: Census) -> Iterator[Finding]:
    """What is used and left of each; the guide's default where the account's own may not be asked."""
    given: Mapping[str, float] = {}
    try:
        with explained("asking Service Quotas"):
            pages = clients.once("service-quotas").get_paginator("list_service_quotas")
            given = {
                quota["QuotaName"]: quota["Value"]
                for page in pages.paginate(ServiceCode="rekognition")
                for quota in page["Quotas"]
            }
    except ServiceError as error:
        seen = f"Service Quotas does not tell ({error.message}); the guide's defaults are taken"
        advice = "an account that was given more sees it in Service Quotas' console, under Amazon Rekognition"
        yield Finding(SUBJECT, "limits", Standing.UNKNOWN, seen, advice)
    most = max((len(versions) for versions in taken.projects.values()), default=0)
    counted = ((RUNNING, len(taken.up)), (TRAININGS, taken.trainings), (PROJECTS, len(taken.projects)), (VERSIONS, most))
    for quota, used in counted:
        yield quota_finding(quota, used, limit_of(quota, given, taken.region), known=bool(given))


def limit_of(quota: Quota, given: Mapping[str, float], region: str) -> int:
    """The account's limit, where exactly one name of Service Quotas means it; else the default."""
    matching = {
        value
        for name, value in given.items()
        if "custom labels" in name.lower() and all(word in name.lower() for word in quota.words)
    }
    if len(matching) == 1:
        return int(matching.pop())
    return 1 if quota is TRAININGS and region in ONE_TRAINING else quota.default


def quota_finding(quota: Quota, used: int, limit: int, *, known: bool) -> Finding:
    """What is left of a quota, and what that means."""
    seen = f"{used} of {limit} used, {max(0, limit - used)} left{'' if known else ' (by default)'}"
    if used >= limit:
        state = Standing.WARNING if quota.passing else Standing.FAILED
        advice = "wait for one to end, or stop one" if quota.passing else "delete some, or ask for more"
        return Finding(SUBJECT, quota.name, state, f"{seen}: the next is refused", advice)
    if not quota.passing and used >= _FEW * limit:
        return Finding(SUBJECT, quota.name, Standing.WARNING, seen, "delete some before they run out")
    return Finding(SUBJECT, quota.name, Standing.OK, seen, NOTHING)
