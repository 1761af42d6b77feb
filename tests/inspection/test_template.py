"""The template, held against CloudFormation's own rules, and against what its role may do."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from cfnlint.api import lint_all

from customlabels.core.addresses import S3Address
from customlabels.inspection.documents import Inspection
from customlabels.inspection.inspection_settings import Asked
from customlabels.inspection.rules import Rules
from customlabels.inspection.stack.template import TIMEOUT, Parts, names_of, template

PROJECT = "arn:aws:rekognition:eu-west-1:111122223333:project/surface/1700000000000"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:told"
PLAIN = Inspection("line-1", "images/", Rules(frozenset({"crack"}), {"crack": 60.0}))
BUS = "arn:aws:events:eu-west-1:111122223333:event-bus/b"
MOVES = replace(PLAIN, on_defect="move", goes_to=S3Address("line-2", "defects/"), bus=BUS)
TAGS = replace(PLAIN, on_defect="tag", prefix="")


def made(inspection: Inspection = PLAIN, **more: Any) -> str:
    asked = Asked(inspection, timedelta(hours=4), 3)
    given: dict[str, Any] = {"project": "surface", "project_arn": PROJECT, "topic": TOPIC}
    given |= {"results": ("plant-7", "customlabels"), "bucket": "plant-7"}
    given |= {"key": "functions/ab.zip", "watch_key": "functions/cd.zip"}
    return template(Parts(**{"asked": asked, **given, **more}))


def resources(text: str, kind: str) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(text)["Resources"]
    return {name: one["Properties"] for name, one in found.items() if one["Type"] == kind}


def actions(text: str, role: str = "LookRole") -> dict[str, list[Any]]:
    (policy,) = resources(text, "AWS::IAM::Role")[role]["Policies"]
    found: dict[str, list[Any]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        for action in statement["Action"]:
            found.setdefault(action, []).extend(
                one.get("Fn::Sub", one) if isinstance(one, dict) else one for one in statement["Resource"]
            )
    return found


@pytest.mark.parametrize(
    "text",
    [
        made(),
        made(MOVES, keys=["alias/line"]),
        pytest.param(
            made(TAGS, has_table=False, golden="customlabels/surface/inspection/ab.golden.zip"),
            marks=pytest.mark.around,
        ),
        pytest.param(made(project_arn=None, topic=None), marks=pytest.mark.around),
        pytest.param(made(project="a_long.name-" * 20), marks=pytest.mark.around),
    ],
    ids=["plain", "moves", "kept table", "rendered", "long name"],
)
def test_the_template_has_no_fault_and_draws_no_warning(text: str) -> None:
    assert [str(one) for one in lint_all(text) if not one.rule.id.startswith("I")] == []


def test_the_function_may_do_what_it_is_for_and_no_more() -> None:
    here = "arn:${AWS::Partition}:s3:::"
    plain, tags, moves = actions(made()), actions(made(TAGS)), actions(made(MOVES))
    for given in (plain, tags, moves):
        assert not [action for action in given if "*" in action]
        assert not [action for action, on in given.items() if "*" in on]
    assert plain["s3:GetObject"] == [f"{here}line-1/images/*", f"{here}plant-7/customlabels/*"]
    assert not {"s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging", "kms:Decrypt"} & set(plain)
    assert tags["s3:PutObjectTagging"] == [f"{here}line-1/*"]
    assert (moves["s3:DeleteObject"], moves["s3:PutObject"]) == (
        [f"{here}line-1/images/*"],
        [f"{here}line-2/defects/*"],
    )
    assert moves["events:PutEvents"] == [BUS]
    assert "kms:Decrypt" in actions(made(keys=["arn:aws:kms:eu-west-1:111122223333:key/k"]))


def test_what_watches_by_itself_reads_the_results_and_tells_the_topic_and_touches_no_image() -> None:
    text = made(TAGS, golden="customlabels/surface/inspection/ab.golden.zip", keys=["alias/line"])
    given = actions(text, "WatchRole")
    table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/" + names_of("surface").table
    assert given["dynamodb:Query"] == [table, f"{table}/index/*"]
    here = "arn:${AWS::Partition}:s3:::plant-7/customlabels/"
    assert given["s3:GetObject"] == [f"{here}*", f"{here}surface/inspection/ab.golden.zip"]
    assert given["sns:Publish"] == [TOPIC]
    assert not [action for action in given if action.startswith(("sqs:", "events:", "s3:Put", "s3:Delete", "s3:List"))]
    assert not {"rekognition:StartProjectVersion", "rekognition:StopProjectVersion"} & set(given)
    assert not [action for action, on in given.items() if "*" in action or "*" in on]
    variables = resources(text, "AWS::Lambda::Function")["Watch"]["Environment"]["Variables"]
    assert (variables["GOLDEN"], variables["DEADLINE"]) == ("customlabels/surface/inspection/ab.golden.zip", "14400")
    assert "GOLDEN" not in resources(made(), "AWS::Lambda::Function")["Watch"]["Environment"]["Variables"]


def test_messages_are_hidden_for_six_timeouts_and_dead_after_five_tries() -> None:
    queues = resources(made(), "AWS::SQS::Queue")
    assert queues["Arrivals"]["VisibilityTimeout"] == 6 * TIMEOUT
    assert queues["Arrivals"]["RedrivePolicy"]["maxReceiveCount"] == 5
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


def test_the_mapping_bounds_the_function_and_nothing_reserves_it() -> None:
    text = made()
    (mapping,) = resources(text, "AWS::Lambda::EventSourceMapping").values()
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 3}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    functions = resources(text, "AWS::Lambda::Function").values()
    assert not any("ReservedConcurrentExecutions" in function for function in functions)
    assert "Enabled" not in mapping


def test_the_results_stay_when_the_stack_goes_and_are_taken_up_again() -> None:
    table = yaml.safe_load(made())["Resources"]["Results"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    kept = yaml.safe_load(made(has_table=False))["Resources"]
    assert "Results" not in kept
    assert kept["Look"]["Properties"]["Environment"]["Variables"]["TABLE"] == table["Properties"]["TableName"]


def test_whatever_looks_may_ask_the_analyzers_that_are_asked_for_and_no_others() -> None:
    roles = resources(made(replace(PLAIN, analyzers=("text", "labels", "properties"))), "AWS::IAM::Role")
    bare = resources(made(), "AWS::IAM::Role")

    def detects(role: dict[str, Any]) -> set[str]:
        statements = role["Policies"][0]["PolicyDocument"]["Statement"]
        return {action for statement in statements for action in statement["Action"] if ":Detect" in action}

    for role in ("LookRole", "BatchRole"):
        assert detects(bare[role]) == {"rekognition:DetectCustomLabels"}
        more = {"rekognition:DetectLabels", "rekognition:DetectText"}
        assert detects(roles[role]) == {"rekognition:DetectCustomLabels", *more}


def test_folders_that_batches_may_look_at_are_told_as_they_are_deployed() -> None:
    asked = Asked(PLAIN, timedelta(hours=4), 3, (S3Address("archive-1", 'a ${b}"c/'), S3Address("archive-2", "")))
    parameter = resources(made(asked=asked), "AWS::SSM::Parameter")["Inspection"]
    text, _ = parameter["Value"]["Fn::Sub"]
    filled = re.sub(r"\$\{(!?)(.*?)\}", lambda match: f"${{{match[2]}}}" if match[1] else "x", text)
    assert json.loads(filled)["batch_sources"] == ['s3://archive-1/a ${b}"c/', "s3://archive-2/"]


def test_what_the_schedule_reads_is_json() -> None:
    parameter = resources(made(), "AWS::SSM::Parameter")["Inspection"]
    text, values = parameter["Value"]["Fn::Sub"]
    for name in values:
        text = text.replace(f"${{{name}}}", "x")
    assert json.loads(text) == {
        "queue_url": "x",
        "queue_arn": "x",
        "mapping_uuid": "x",
        "table": names_of("surface").table,
        "deadline_seconds": 14400,
        "function": names_of("surface").function,
        "machine": "x",
        "batch_sources": [],
    }


def test_text_of_people_stays_text() -> None:
    evil = 'x"}\n  Evil: {Type: AWS::IAM::User}\n#'
    text = made(replace(PLAIN, rules=Rules(frozenset({evil}))))
    assert "Evil" not in yaml.safe_load(text)["Resources"]
    assert evil in json.loads(resources(text, "AWS::SSM::Parameter")["Rules"]["Value"])["defects"]
