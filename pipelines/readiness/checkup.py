"""All subjects in order, and the probes where they are asked for."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from customlabels.aws.clients import Clients
from customlabels.aws.stacks.scope import Policy
from customlabels.core.settings import Settings
from customlabels.core.watching import Watch
from customlabels.pipelines.readiness import account, machine, models, permitted, quotas, storage
from customlabels.pipelines.readiness.census import Census, census
from customlabels.pipelines.readiness.findings import Finding, Standing, failed, looked
from customlabels.pipelines.readiness.metrics import probe_metrics, seen_metrics
from customlabels.pipelines.readiness.probe_project import probe_project
from customlabels.pipelines.readiness.probe_stack import probe_packages, probe_stack
from customlabels.pipelines.readiness.questions import METRICS, QUESTIONS, SUBJECT, answered, untried
from customlabels.pipelines.readiness.removal import removed_after
from customlabels.pipelines.service.running import BeforeStart
from customlabels.pipelines.service.states import may_be_up
from customlabels.pipelines.service.versions import Description

Look = Callable[[], Iterable[Finding]]

_SUBJECTS = ("bucket", "permissions", "quotas", "models", "schedule", SUBJECT)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a checkup is about, and how far it may go.

    Parameters
    ----------
    project, bucket : by name; None where nothing names one
    now : gives the time, the local service's own where that is asked
    emulated : whether no AWS is asked, but something that speaks its protocol
    policies : makes the printed policies, by use
    schedule : looks at the project's schedule
    probe : whether a throwaway project and a throwaway stack may be made
    version : gives the version that a paid probe starts; None where none is to be started
    before_start : asked, with version and units, before that; raises where it is not to be
    """

    settings: Settings
    project: str | None
    bucket: str | None
    now: Callable[[], datetime]
    emulated: bool
    policies: Callable[[str, str], Mapping[str, Policy]]
    schedule: Callable[[str], Iterable[Finding]]
    probe: bool
    version: Callable[[], Description] | None
    before_start: BeforeStart


def checkup(clients: Callable[[], Clients], asked: Asked, watch: Watch) -> Iterator[Finding]:
    """A finding for each check, subject by subject; nothing is written but what a probe makes and removes.

    Parameters
    ----------
    clients : makes them
    """
    yield from looked(machine.SUBJECT, "package", lambda: machine.machine(asked.settings))
    of_account = looked(account.SUBJECT, "credentials", lambda: account.account(clients(), emulated=asked.emulated))
    yield from of_account
    if failed(finding for finding in of_account if finding.check in ("region", "credentials")):
        for subject in _SUBJECTS:
            yield Finding(subject, "all", Standing.SKIPPED, "AWS cannot be asked", "see to the account first")
        return
    made = clients()
    yield from _resources(made, asked)
    yield from _questions(made, asked, watch)


def _resources(clients: Clients, asked: Asked) -> Iterator[Finding]:
    """Bucket, permissions, quotas, models and schedule."""

    def look(subject: str, look_at: Look) -> list[Finding]:
        return looked(subject, "all", look_at, emulated=asked.emulated)

    project, bucket = asked.project, asked.bucket
    if bucket is None:
        advice = "set project.bucket in customlabels.toml, or give --bucket"
        yield Finding(storage.SUBJECT, "all", Standing.FAILED, "no bucket is set", advice)
    else:
        key = asked.settings.project.kms_key
        yield from look(storage.SUBJECT, lambda: storage.storage(clients, bucket, key, emulated=asked.emulated))
    if project is None or bucket is None:
        yield _unnamed(permitted.SUBJECT)
    else:

        def allowed() -> Iterator[Finding]:
            return permitted.permitted(clients, asked.policies(project, bucket), emulated=asked.emulated)

        yield from look(permitted.SUBJECT, allowed)
    taken: list[Census] = []

    def count() -> Iterator[Finding]:
        taken.append(census(clients))
        yield from quotas.quotas(clients, taken[0])

    yield from look(quotas.SUBJECT, count)
    if taken:
        yield from look(models.SUBJECT, lambda: models.models(clients, taken[0]))
    else:
        yield Finding(models.SUBJECT, "all", Standing.UNKNOWN, "they may not be asked for", "see quotas")
    if project is None:
        yield _unnamed("schedule")
    else:
        yield from look("schedule", lambda: asked.schedule(project))


def _unnamed(subject: str) -> Finding:
    advice = "set project.name and project.bucket in customlabels.toml, or give --project and --bucket"
    return Finding(subject, "all", Standing.SKIPPED, "neither project nor bucket may be missing for this", advice)


def _questions(clients: Clients, asked: Asked, watch: Watch) -> Iterator[Finding]:
    """The open questions: tried where that is asked, else what holds meanwhile."""
    findings = list(_probes(clients, asked, watch)) if asked.probe else []
    if asked.version is None:
        findings += looked(SUBJECT, METRICS.name, lambda: seen_metrics(clients, asked.now()), emulated=asked.emulated)
    checked = {finding.check for finding in findings}
    for question in QUESTIONS:
        yield from (finding for finding in findings if finding.check == question.name)
        if question.name not in checked:
            yield untried(question)
    names = {question.name for question in QUESTIONS}
    yield from (finding for finding in findings if finding.check not in names)


def _probes(clients: Clients, asked: Asked, watch: Watch) -> Iterator[Finding]:
    """What the probes find; all that they make is removed before this ends."""
    name = f"{models.LEFT_OVER}{secrets.token_hex(4)}"
    findings: list[Finding] = []
    if asked.version is not None:
        # First of all: it asks, and where the answer is no, nothing has been made.
        findings += _paid(clients, asked, asked.version, watch)
    with removed_after(watch) as removal:

        def probe(check: str, look: Look) -> None:
            findings.extend(looked(SUBJECT, check, look, emulated=asked.emulated))

        with watch.step(f"probing with project {name}"):
            probe("throwaway project", lambda: probe_project(clients, name, removal))
        with watch.step(f"probing with model package group {name}"):
            probe("model packages", lambda: probe_packages(clients, name, removal, emulated=asked.emulated))
        if asked.bucket is not None:
            bucket = asked.bucket
            probe("throwaway stack", lambda: probe_stack(clients, name, bucket, removal, watch))
    yield from findings
    for sentence in removal.left:
        yield Finding(SUBJECT, "left over", Standing.FAILED, sentence, "remove it by hand")


def _paid(clients: Clients, asked: Asked, choose: Callable[[], Description], watch: Watch) -> list[Finding]:
    def look() -> Iterator[Finding]:
        version = choose()
        if may_be_up(version["Status"]):
            seen = f"the version is {version['Status']} already"
            yield answered(METRICS, seen, "try again when it is down", Standing.SKIPPED)
            return
        yield from probe_metrics(clients, version, watch, asked.before_start, asked.now)

    return looked(SUBJECT, METRICS.name, look, emulated=asked.emulated)
