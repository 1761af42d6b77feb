"""The template, held against CloudFormation's own rules, and against what its roles may do."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import yaml
from support.templates import complaints

import customlabels
from customlabels.aws.stacks.names import stack_name
from customlabels.core.errors import SettingsError
from customlabels.emulator.eventbridge.expressions import next_time
from customlabels.scheduler.documents import Inspection
from customlabels.scheduler.stack.own_cost import in_words, standing_charges
from customlabels.scheduler.stack.schedule_template import Parts, template
from customlabels.scheduler.uptime import Schedule, Window

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PROJECT = "arn:aws:rekognition:eu-west-1:111122223333:project/surface/1700000000000"
WEEK = Window(time(6), time(22), frozenset(range(5)))
LATE = Window(time(8), time(23), dates=frozenset({date(2026, 12, 3), date(2026, 12, 5)}))
PLAIN = Schedule("Europe/Berlin", (WEEK,))
FULL = Schedule(
    "Europe/Berlin",
    (WEEK, LATE, Window(time(22), time(2), frozenset({5}), version="v1")),
    frozenset({date(2026, 12, 24)}),
    idle_stop=timedelta(minutes=45),
    monthly_budget=500.0,
    max_units=3,
)


def made(schedule: Schedule = PLAIN, project: str = "surface", **more: Any) -> str:
    trained = {name: PROJECT.replace("/17", f"/version/{name}/17") for name in ("v3", "v2", "v1")}
    given: dict[str, Any] = {"champion": "v2", "trained": trained, "bucket": "plant-7", "key": "functions/ab.zip"}
    return template(Parts(project, PROJECT, schedule, **{**given, **more}), NOW)


def resources(text: str, kind: str) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(text)["Resources"]
    return {name: one["Properties"] for name, one in found.items() if one["Type"] == kind}


def actions(text: str, role: str) -> dict[str, list[Any]]:
    (policy,) = resources(text, "AWS::IAM::Role")[role]["Policies"]
    found: dict[str, list[Any]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        for action in statement["Action"]:
            found.setdefault(action, []).extend(one.get("Fn::Sub", one) if isinstance(one, dict) else one
                                                for one in statement["Resource"])  # fmt: skip
    return found


@pytest.mark.parametrize(
    "text",
    [
        made(),
        made(FULL, emails=["me@example.com"], stops_orphans=True),
        pytest.param(made(champion=None, trained={}), marks=pytest.mark.around),
        pytest.param(made(project="a_long.name-" * 20), marks=pytest.mark.around),
    ],
    ids=["plain", "full", "nothing trained", "long name"],
)
def test_the_template_has_no_fault_and_draws_no_warning(text: str) -> None:
    assert complaints(text) == []


def test_every_expression_and_zone_is_one_that_eventbridge_takes() -> None:
    schedules = resources(made(FULL), "AWS::Scheduler::Schedule")
    for one in schedules.values():
        assert next_time(one["ScheduleExpression"], one["ScheduleExpressionTimezone"], NOW.timestamp(), 0.0)


def test_a_function_may_do_what_it_is_for_and_no_more() -> None:
    text = made()
    models = "arn:${AWS::Partition}:rekognition:${AWS::Region}:${AWS::AccountId}:project/surface/version/*/*"
    start, stop, sweep = (actions(text, f"{name}Role") for name in ("Start", "Stop", "Sweep"))
    assert start["rekognition:StartProjectVersion"] == stop["rekognition:StopProjectVersion"] == [models]
    assert "rekognition:StopProjectVersion" not in start
    assert "rekognition:StartProjectVersion" not in stop
    assert sweep["rekognition:StartProjectVersion"] == sweep["rekognition:StopProjectVersion"] == [models]
    for role in ("Start", "Stop", "Sweep", "Events"):
        given = actions(text, f"{role}Role")
        assert not [action for action in given if "*" in action]
        assert {action for action, on in given.items() if "*" in on} <= {"rekognition:DescribeProjects"}
    told = made(stops_orphans=True)
    assert len(actions(told, "SweepRole")["rekognition:StopProjectVersion"]) == 2
    assert actions(told, "StopRole") == stop
    assert "*" in actions(made(FULL), "StopRole")["cloudwatch:GetMetricData"]


def test_the_stop_after_closing_time_needs_no_function() -> None:
    stops = [
        one["Target"]
        for one in resources(made(FULL), "AWS::Scheduler::Schedule").values()
        if "aws-sdk:rekognition:stopProjectVersion" in str(one["Target"]["Arn"])
    ]
    named = [re.search(r"version/(v\d)/", one["Input"]) for one in stops]
    # The champion's windows close for the champion, and for every other version that no window names.
    assert {found[1] for found in named if found} == {"v1", "v2", "v3"}
    assert all(one["RetryPolicy"] == {"MaximumRetryAttempts": 0} and "DeadLetterConfig" not in one for one in stops)


def test_everything_else_is_retried_and_then_kept() -> None:
    for one in resources(made(FULL), "AWS::Scheduler::Schedule").values():
        if "aws-sdk" not in str(one["Target"]["Arn"]):
            assert one["Target"]["RetryPolicy"]["MaximumRetryAttempts"] >= 3
            assert one["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


def test_the_same_schedule_makes_the_same_template(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made()
    monkeypatch.setattr(customlabels, "__version__", "99.0", raising=False)
    assert made() == before
    assert made(FULL) == made(FULL)


def test_text_of_people_stays_text() -> None:
    text = made(emails=['x"}\n  Evil: {Type: AWS::IAM::User}\n#@example.com'])
    assert "Evil" not in yaml.safe_load(text)["Resources"]


def test_names_of_projects_that_differ_make_stacks_that_differ() -> None:
    names = ["surface", "surface.a", "surface_a", "surface-a", "x" * 255, "x" * 254 + "y"]
    found = [stack_name(name) for name in names]
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{0,51}", one) for one in found)
    assert found[0] == "customlabels-surface"


def test_a_schedule_that_no_parameter_holds_is_refused() -> None:
    days = frozenset(date(2026, 1, 1) + timedelta(days=2 * day) for day in range(200))
    with pytest.raises(SettingsError, match="a parameter holds 4096"):
        made(Schedule("UTC", (WEEK,), closed=days))


LINE = Inspection(
    "https://sqs.eu-west-1.amazonaws.com/111122223333/images",
    "arn:aws:sqs:eu-west-1:111122223333:images",
    "5f3b3c2e-0000-4000-8000-000000000000",
    "results",
    timedelta(hours=4),
)


INSPECTION = stack_name("surface", "inspection")


def test_the_sweep_alone_may_look_after_the_projects_queue_whenever_that_is_deployed() -> None:
    at = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
    looks = "arn:aws:sqs:eu-west-1:111122223333:images", at % ("dynamodb", "table/results")
    for text, queue, table, mappings in (
        (made(), [], [], []),
        (made(inspection=LINE), [looks[0]], [looks[1]], [at % ("lambda", f"event-source-mapping:{LINE.mapping}")]),
    ):
        assert complaints(text) == []
        sweep, stop = actions(text, "SweepRole"), actions(text, "StopRole")
        assert sweep["sqs:GetQueueAttributes"] == [at % ("sqs", f"{INSPECTION}-*"), *queue]
        assert sweep["dynamodb:UpdateItem"] == [at % ("dynamodb", f"table/{INSPECTION}-*"), *table]
        every = at % ("lambda", "event-source-mapping:*")
        assert sweep["lambda:UpdateEventSourceMapping"] == sweep["lambda:GetEventSourceMapping"] == [every, *mappings]
        again = [at % ("scheduler", "schedule/customlabels-surface/look-again")]
        assert sweep["scheduler:CreateSchedule"] == sweep["scheduler:UpdateSchedule"] == again
        assert sweep["iam:PassRole"] == [{"Fn::GetAtt": ["LookAgainRole", "Arn"]}]
        assert ("cloudwatch:GetMetricData" in sweep) == bool(queue)
        assert actions(text, "StartRole").keys() | stop.keys() < sweep.keys()
        assert not {"sqs:GetQueueAttributes", "dynamodb:UpdateItem", "iam:PassRole"} & (stop.keys())
        called = {"lambda:InvokeFunction": [at % ("lambda", "function:customlabels-surface-sweep")]}
        assert actions(text, "LookAgainRole") == called
        for function, properties in resources(text, "AWS::Lambda::Function").items():
            assert ("AGAIN_ROLE_ARN" in properties["Environment"]["Variables"]) == (function == "Sweep")


def test_conditions_keep_the_sweep_to_its_function_and_to_the_workers_rate() -> None:
    (policy,) = resources(made(), "AWS::IAM::Role")["SweepRole"]["Policies"]
    held = {
        statement["Action"][0]: statement["Condition"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "Condition" in statement
    }
    assert held == {
        "lambda:GetEventSourceMapping": {
            "ArnLike": {
                "lambda:FunctionArn": {
                    "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:"
                    f"function:{INSPECTION}-*"
                }
            }
        },
        "dynamodb:UpdateItem": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["pace#*"]}},
        "iam:PassRole": {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    }


def test_looks_at_a_queue_are_among_what_a_schedule_itself_costs() -> None:
    parts = Parts("surface", PROJECT, PLAIN, "v2", {}, "plant-7", "functions/ab.zip", inspection=LINE)
    (looks,) = [charge for charge in standing_charges(parts) if charge.what == "looks at the queue"]
    # Every five minutes of a month: a request, and a metric or a write.
    assert (looks.count, looks.dollars) == (8766, 0.09)
    assert "8766 looks at the queue $0.09" in in_words(standing_charges(parts))
