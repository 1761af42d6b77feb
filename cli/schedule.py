"""customlabels schedule show and status; the group of all."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from customlabels.aws.clients import explained
from customlabels.cli.deploying import deploy, diff, remove, render
from customlabels.cli.group import Group, pass_session, project_option
from customlabels.cli.overriding import override
from customlabels.cli.simulating import capacity_, simulate_
from customlabels.core.console import Money
from customlabels.core.prices import hosting_cost
from customlabels.pipelines.service.states import HELD
from customlabels.pipelines.service.versions import list_versions, version_name
from customlabels.scheduler.deployed import Deployed, deployed
from customlabels.scheduler.plan import asked
from customlabels.scheduler.uptime import Schedule, resolved, spans, versions, wanted
from customlabels.scheduler.usage import unit_hours
from customlabels.session import Session

_NEXT = 4
"""Windows to come that a status shows."""


@click.group(cls=Group)
def schedule() -> None:
    """When models are to be up, by [schedule] of the settings: tried out, deployed, overridden."""


@schedule.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366), help="How far to look.")
@pass_session
def show(session: Session, days: int) -> None:
    """Show what is wanted now and why, the windows to come, and what they cost.

    Example: customlabels schedule show --days 14
    """
    found, now = session.schedule(), session.now()
    rows = _windows(found, now, now + timedelta(days=days))
    total = sum(hosting_cost(row["hours"], row["units"]) for row in rows)
    wants = {version: wanted(now, found, version) for version in versions(found)}
    document = {
        "now": [
            {"version": version, "units": one.units, "why": one.why, "until": one.until and one.until.isoformat()}
            for version, one in wants.items()
        ],
        "windows": rows,
        "dollars": round(total, 2),
    }

    def in_words(_: object) -> None:
        for version, one in wants.items():
            session.console.text(f"now: {one.units or 'no'} units of {version} wanted, {one.why}")
        session.console.table(
            ("version", "opens", "closes", "units", "hours", "$"), [tuple(row.values()) for row in rows]
        )
        always = hosting_cost(24 * days, 1)
        session.console.text(
            f"${total:.2f} in {days} days, warm-up apart; one unit that is never stopped costs ${always:.2f}"
        )

    session.console.result(document, in_words)


@schedule.command()
@project_option
@pass_session
def status(session: Session, project: str | None) -> None:
    """Show what is up and why, what comes next, what the month has cost, and what was done lately.

    Example: customlabels schedule status
    """
    there, now, clients = (
        deployed(session.clients, session.project(project), session.now()),
        session.now(),
        session.clients,
    )
    schedule = resolved(there.schedule, there.champion)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    models: list[dict[str, Any]] = []
    found = list_versions(clients.rekognition, there.project)
    with explained("reading CloudWatch's InServiceInferenceUnits"):
        names = [version_name(one) for one in found]
        used = unit_hours(clients.cloudwatch, there.project, names, start=month, end=now)
    spent = hosting_cost(sum(used.values()), 1)
    for one in found:
        name = version_name(one)
        hours = used[name]
        want = asked(now, schedule, name, spent) if name in versions(schedule) else None
        if want or hours or one["Status"] in HELD:
            row = {"version": name, "status": one["Status"], "wanted": want.units if want else 0}
            why = want.why if want else "no window names it"
            models.append({**row, "why": why, "dollars": Money(round(hosting_cost(hours, 1), 2))})
    with explained("reading the alarms"):
        pages = clients.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{there.stack}-")
        alarms = [
            one["AlarmDescription"] for page in pages for one in page["MetricAlarms"] if one["StateValue"] == "ALARM"
        ]
    document = {
        "project": there.project,
        "champion": there.champion,
        "models": models,
        "dollars": round(spent, 2),
        "overrides": [
            {**asdict(one), "until": one.until.isoformat()} for one in there.schedule.overrides if one.until > now
        ],
        "next": _windows(schedule, now, now + timedelta(days=14))[:_NEXT],
        "alarms": alarms,
        "done": [{**asdict(one), "at": _shown(one.at, there)} for one in reversed(there.memory.done)],
    }
    session.console.result(document, lambda _: _show(session, there, document))


def _show(session: Session, there: Deployed, document: dict[str, Any]) -> None:
    console = session.console
    if there.champion is None:
        console.text("there is no champion: customlabels versions promote VERSION makes one")
    columns = ("version", "status", "units wanted", "why", "$ this month")
    console.table(columns, [tuple(row.values()) for row in document["models"]])
    budget = there.schedule.monthly_budget
    console.text(f"${document['dollars']:.2f} this month" + (f" of ${budget:.2f}" if budget is not None else ""))
    for alarm in document["alarms"]:
        console.text(f"ALARM: {alarm}")
    for one in document["overrides"]:
        way, until = "up" if one["up"] else "down", _shown(datetime.fromisoformat(one["until"]), there)
        told = " ".join(filter(None, (one["by"] and f"by {one['by']}", one["why"] and f"({one['why']})")))
        console.text(f"{'override' if one['by'] else 'idle'}: {one['version']} {way} until {until} {told}".rstrip())
    console.table(
        ("version", "opens", "closes", "units", "hours", "$"),
        [tuple(row.values()) for row in document["next"]],
        title="windows to come",
    )
    console.table(
        ("at", "what", "version", "why"), [tuple(row.values()) for row in document["done"]], title="done lately"
    )


def _windows(schedule: Schedule, start: datetime, stop: datetime) -> list[dict[str, Any]]:
    """The windows of all versions, in order, as they are shown."""
    zone = ZoneInfo(schedule.zone)
    found = [(span, version) for version in versions(schedule) for span in spans(schedule, start, stop, version)]
    return [
        {
            "version": version,
            "opens": span.start.astimezone(zone).isoformat(timespec="minutes"),
            "closes": span.stop.astimezone(zone).isoformat(timespec="minutes"),
            "units": span.units,
            "hours": round((span.stop - span.start) / timedelta(hours=1), 2),
            "dollars": Money(round(hosting_cost((span.stop - span.start) / timedelta(hours=1), span.units), 2)),
        }
        for span, version in sorted(found)
    ]


def _shown(at: datetime, there: Deployed) -> str:
    return at.astimezone(ZoneInfo(there.schedule.zone)).isoformat(sep=" ", timespec="minutes")


for command in (simulate_, capacity_, deploy, diff, status, override, remove, render):
    schedule.add_command(command)
