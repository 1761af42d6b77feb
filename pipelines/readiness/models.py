"""Models that are up, in every region, and what they cost while nobody looks."""

from collections.abc import Iterable, Iterator

from customlabels.aws.clients import Clients
from customlabels.aws.regions import REGIONS
from customlabels.core.errors import ServiceError
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.readiness.census import Census, census
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing
from customlabels.pipelines.service.versions import Description, units_of, version_name

SUBJECT = "models"
LEFT_OVER = "customlabels-doctor-"
"""What names of throwaway projects and stacks begin with."""

_HOURS_A_DAY = 24


def models(clients: Clients, own: Census) -> Iterator[Finding]:
    """A finding for each model that is up, in whichever region; and for throwaway projects that were left."""
    up = [(own.region, *model) for model in own.up]
    silent: list[str] = []
    for region in REGIONS:
        if region == own.region:
            continue
        try:
            up += [(region, *model) for model in census(clients.in_region(region)).up]
        except ServiceError:
            silent.append(region)
    yield from running(up)
    if silent:
        advice = "look there by hand: customlabels --region NAME doctor"
        yield Finding(SUBJECT, "other regions", Standing.UNKNOWN, f"may not be asked: {', '.join(silent)}", advice)
    for project in own.projects:
        if project.startswith(LEFT_OVER):
            advice = f"aws cloudformation delete-stack --stack-name {project}; then delete the project {project}"
            yield Finding(SUBJECT, project, Standing.WARNING, "a probe that was killed has left it", advice)


def running(up: Iterable[tuple[str, str, Description]]) -> Iterator[Finding]:
    """What each model that is up costs.

    Parameters
    ----------
    up : region, project and version of each
    """
    none = True
    for region, project, version in up:
        none = False
        name, units = version_name(version), units_of(version)
        dollars = hosting_cost(1, units)
        most = version.get("MaxInferenceUnits") or units
        scaled = f" to {most} units, ${hosting_cost(1, most):.2f}" if most > units else ""
        seen = (
            f"{version['Status']} in {region} on {units} unit{'s' if units > 1 else ''}, "
            f"${dollars:.2f} an hour{scaled}: ${dollars * _HOURS_A_DAY:.0f} a day"
        )
        advice = f"if nobody needs it: customlabels --region {region} model stop {name} --project {project}"
        yield Finding(SUBJECT, f"{project}/{name}", Standing.WARNING, seen, advice)
    if none:
        yield Finding(SUBJECT, "running", Standing.OK, "no model is up in any region", NOTHING)
