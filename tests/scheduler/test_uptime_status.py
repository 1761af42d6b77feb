"""What a schedule's status rests on: alarms that know something, and hours by whoever tells of them."""

from datetime import UTC, datetime, timedelta

import pytest
from support.local_services import Service, client

from customlabels.aws.clients import Clients, Connection
from customlabels.core.errors import ServiceError
from customlabels.scheduler.deployed import Deployed
from customlabels.scheduler.memory import Memory, Usage
from customlabels.scheduler.uptime import Schedule
from customlabels.scheduler.uptime_status import counted, raised_alarms, uptime_status

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_an_alarm_that_what_is_missing_raises_says_nothing_before_it_has_stood_for_as_long(service: Service) -> None:
    cloudwatch = client(service, "cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="customlabels-young-not-looked",
        Namespace="AWS/Lambda",
        MetricName="Invocations",
        Period=900,
        EvaluationPeriods=1,
        Statistic="Sum",
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    cloudwatch.set_alarm_state(AlarmName="customlabels-young-not-looked", StateValue="ALARM", StateReason="silence")
    clients = Clients(Connection(region="us-east-1", endpoint_url=service.endpoint_url, local_key=service.key))
    (made,) = cloudwatch.describe_alarms(AlarmNamePrefix="customlabels-young-")["MetricAlarms"]
    since = made["AlarmConfigurationUpdatedTimestamp"]
    raised = [raised_alarms(clients, "customlabels-young", since + timedelta(minutes=at)) for at in (1, 14, 16)]
    assert [[alarm["AlarmName"] for alarm in alarms] for alarms in raised] == [[], [], [made["AlarmName"]]]


def test_hours_that_cloudwatch_does_not_tell_are_those_of_the_months_looks() -> None:
    usage = Usage("2026-06", NOON, hours={"v1": 3.0, "v2": 5.0})
    metered = {"v1": 2.5, "v2": None, "v3": None}
    assert counted(metered, usage, NOON) == {"v1": 2.5, "v2": 5.0, "v3": None}
    assert counted(metered, usage, NOON + timedelta(days=30)) == counted(metered, None, NOON) == metered


def test_a_schedule_whose_project_is_gone_says_what_takes_it_away(service: Service) -> None:
    clients = Clients(Connection(region="us-east-1", endpoint_url=service.endpoint_url, local_key=service.key))
    left = Deployed("gone-7", "customlabels-gone-7", {}, Schedule("UTC"), "v1", Memory())
    with pytest.raises(ServiceError, match="project gone-7 is not there any more") as refused:
        uptime_status(clients, left, NOON)
    assert refused.value.hint == "customlabels schedule remove --project gone-7 takes it away"
