"""Turns of the functions on a local service, whose clock is moved on."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.interception import Call, Late, Spoiled, intercepted
from support.lines import make_line
from support.local_services import BUCKET, STRICT, Service, begin_training, client, connect

from customlabels.aws import parameters
from customlabels.core.waiting import wait_for
from customlabels.emulator.customlabels.versions import START_TAG
from customlabels.emulator.server import address
from customlabels.scheduler.actions import Kind
from customlabels.scheduler.documents import schedule_text
from customlabels.scheduler.functions.project import Clients, Project
from customlabels.scheduler.functions.turn import take
from customlabels.scheduler.memory import Memory, read, text
from customlabels.scheduler.stack import overrides
from customlabels.scheduler.uptime import CHAMPION, Override, Schedule, Window

ALL = frozenset(Kind)
MINUTE = timedelta(minutes=1)


@dataclass
class Plant:
    """A project of three versions, its schedule, and a topic that a queue listens to."""

    service: Service
    project: str
    arn: str
    versions: dict[str, str]
    topic: str
    queue: str

    def turn(
        self, kinds: frozenset[Kind] = ALL, endpoint: str = "", metrics_of: str = "us-east-1", **more: Any
    ) -> list[str]:
        reached = replace(self.service, endpoint_url=endpoint or self.service.endpoint_url)
        regions = {"cloudwatch": metrics_of}
        names = ("rekognition", "ssm", "cloudwatch", "sns")
        made = (client(reached, name, regions.get(name, "us-east-1")) for name in names)
        clients = Clients(*made, lambda name: client(reached, name))
        done = take(Project(self.project, self.arn, self.topic, **more), clients, kinds)
        return [f"{one.trouble if one.kind is Kind.REPORT else one.kind} {one.version}".strip() for one in done]

    def advance(self, minutes: float) -> datetime:
        return datetime.fromtimestamp(address.advance(self.service.state, minutes * 60), UTC)

    def now(self) -> datetime:
        return self.advance(0)

    def put(self, name: str, value: str) -> None:
        ssm = client(self.service, "ssm")
        ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def schedule(self, hours: float = 2, **more: Any) -> None:
        """A window that is open from now on, for so many hours; all else is forgotten."""
        now = self.now()
        window = Window(now.time().replace(second=0, microsecond=0), (now + timedelta(hours=hours)).time(),
                        dates=frozenset({now.date()}))  # fmt: skip
        client(self.service, "ssm").delete_parameters(
            Names=[make(self.project) for make in (parameters.memory, parameters.overrides, parameters.serving)]
        )
        self.put(parameters.schedule(self.project), schedule_text(Schedule("UTC", (window,), **more)))

    def promote(self, version: str) -> None:
        self.put(parameters.champion(self.project), json.dumps({"version": version, "arn": self.versions[version]}))

    def states(self) -> dict[str, str]:
        found = self.service.rekognition.describe_project_versions(ProjectArn=self.arn)["ProjectVersionDescriptions"]
        return {one["ProjectVersionArn"].split("/")[3]: one["Status"] for one in found}

    def memory(self) -> Memory:
        found = client(self.service, "ssm").get_parameter(Name=parameters.memory(self.project))
        return read(found["Parameter"]["Value"])

    def stop_all(self) -> None:
        self.advance(60)
        for name, state in self.states().items():
            if state == "RUNNING":
                self.service.rekognition.stop_project_version(ProjectVersionArn=self.versions[name])
        self.advance(60)

    def told(self) -> list[str]:
        """Subjects of what the topic was told, and has not been read yet."""
        sqs, found = client(self.service, "sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for one in messages:
                found.append(json.loads(one["Body"])["Subject"])
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
        return found

    def tag(self, version: str, value: str | None) -> None:
        arn = self.versions[version]
        if value is None:
            self.service.rekognition.untag_resource(ResourceArn=arn, TagKeys=[START_TAG])
        else:
            self.service.rekognition.tag_resource(ResourceArn=arn, Tags={START_TAG: value})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Plant]:
    # Starts that take four minutes, and stops of two.
    service = connect(tmp_path_factory.mktemp("plant"), pace=address.Pace(scale=0.25, real=True, strict=STRICT))
    project, trained_one = begin_training(service, "plant", images, Tags={"customlabels:toolkit": "0"})
    versions = {"v1": trained_one}
    sns, sqs = client(service, "sns"), client(service, "sqs")
    topic, queue = sns.create_topic(Name="told")["TopicArn"], sqs.create_queue(QueueName="told")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
    plant = Plant(service, "plant", project, versions, topic, queue)
    wait_for(lambda: trained(plant), what="the training", most=60)
    for name in ("v2", "v3"):
        versions[name] = service.rekognition.copy_project_version(
            SourceProjectArn=project,
            SourceProjectVersionArn=versions["v1"],
            DestinationProjectArn=project,
            VersionName=name,
            OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
        )["ProjectVersionArn"]
    plant.advance(60)
    yield plant
    address.stop(service.state)


def trained(plant: Plant) -> bool | None:
    plant.advance(10)
    return plant.states()["v1"] == "TRAINING_COMPLETED" or None


@pytest.fixture
def plant(built: Plant) -> Iterator[Plant]:
    """The project with everything stopped, `v1` its champion, and nothing told; at nine in the morning."""
    built.stop_all()
    now = built.now()
    morning = now.replace(hour=9, minute=0, second=30, microsecond=0)
    built.advance(((morning if morning > now else morning + timedelta(days=1)) - now) / MINUTE)
    built.promote("v1")
    built.schedule()
    built.told()
    yield built
    for name in ("v1", "v2"):
        built.tag(name, None)


def test_a_window_is_started_once_kept_and_closed(plant: Plant) -> None:
    assert plant.turn() == ["start v1"]
    assert plant.turn() == []
    plant.advance(10)
    assert plant.states()["v1"] == "RUNNING"
    assert plant.turn() == []
    plant.advance(120)
    assert plant.turn() == ["stop v1"]
    assert plant.turn() == []
    plant.advance(10)
    assert plant.turn() == []
    assert [one.kind for one in plant.memory().done] == ["start", "stop"]
    assert sorted(plant.told()) == ["customlabels plant: start v1", "customlabels plant: stop v1"]


def test_each_function_does_its_own(plant: Plant) -> None:
    assert plant.turn(frozenset({Kind.STOP})) == []
    assert plant.turn(frozenset({Kind.START})) == ["start v1"]
    plant.advance(130)
    assert plant.turn(frozenset({Kind.START})) == []
    assert plant.turn(frozenset({Kind.STOP})) == ["stop v1"]


def test_a_promotion_in_a_window_serves_the_old_version_until_the_new_one_runs(plant: Plant) -> None:
    plant.turn()
    plant.advance(10)
    plant.turn()
    serving = client(plant.service, "ssm").get_parameter
    name = parameters.serving("plant")
    assert json.loads(serving(Name=name)["Parameter"]["Value"])["version"] == "v1"
    plant.promote("v2")
    assert plant.turn() == ["start v2"]
    plant.advance(1)
    assert plant.turn() == []
    assert plant.states() | {"v3": ""} == {"v1": "RUNNING", "v2": "STARTING", "v3": ""}
    assert json.loads(serving(Name=name)["Parameter"]["Value"])["version"] == "v1"
    plant.advance(10)
    # Whoever asks for the one that answers learns of the new one before the old one goes.
    assert plant.turn() == []
    assert json.loads(serving(Name=name)["Parameter"]["Value"])["version"] == "v2"
    assert plant.turn() == ["stop v1"]


def test_a_start_that_fails_is_reported_and_tried_again(plant: Plant) -> None:
    plant.tag("v1", "fail")
    assert plant.turn() == ["start v1"]
    plant.advance(4)
    assert plant.states()["v1"] == "FAILED"
    assert plant.turn() == ["start-failed v1"]
    assert plant.turn() == []
    plant.tag("v1", None)
    plant.advance(5)
    assert plant.turn() == ["start v1"]
    plant.advance(10)
    plant.turn()
    assert plant.states()["v1"] == "RUNNING"
    assert plant.memory().versions["v1"].failures == 0


def test_a_start_that_takes_long_is_reported_and_lengthens_the_lead(plant: Plant) -> None:
    plant.schedule(learns=True)
    plant.tag("v1", "50m")
    plant.turn()
    plant.advance(46)
    assert plant.turn() == ["stuck v1"]
    plant.advance(5)
    plant.turn()
    assert plant.memory().starts == (51.0,)
    # The lead that is learned holds for the next window.
    plant.stop_all()
    kept = client(plant.service, "ssm").get_parameter(Name=parameters.memory("plant"))["Parameter"]["Value"]
    now = plant.now()
    opens = now + timedelta(minutes=50)
    window = Window(opens.time(), (opens + timedelta(hours=1)).time(), dates=frozenset({now.date(), opens.date()}))
    plant.put(parameters.schedule("plant"), schedule_text(Schedule("UTC", (window,), learns=True)))
    plant.put(parameters.memory("plant"), kept)
    assert plant.turn() == ["start v1"]


def test_a_start_that_is_quicker_than_thought_does_not_flap(plant: Plant) -> None:
    plant.schedule(learns=True)
    plant.put(parameters.memory("plant"), text(Memory(starts=(40.0,), lead=45.0)))
    now = plant.now()
    opens = now + timedelta(minutes=40)
    window = Window(opens.time(), (opens + timedelta(hours=1)).time(), dates=frozenset({now.date(), opens.date()}))
    plant.put(parameters.schedule("plant"), schedule_text(Schedule("UTC", (window,), learns=True)))
    done = []
    for _ in range(12):
        done += plant.turn()
        plant.advance(5)
    assert done == ["start v1"]
    assert [round(minutes) for minutes in plant.memory().starts] == [40, 5]


def test_a_quota_that_is_reached_is_told_and_the_rest_goes_on(plant: Plant) -> None:
    for name in ("v2", "v3"):
        plant.service.rekognition.start_project_version(ProjectVersionArn=plant.versions[name], MinInferenceUnits=1)
    plant.advance(10)
    assert plant.turn() == ["refused v1"]
    # The old ones make room once it is clear that there is none.
    assert [plant.turn(), plant.turn(), sorted(plant.turn())] == [[], [], ["start v1", "stop v2", "stop v3"]]


def test_a_stop_while_starting_is_tried_again_until_it_holds(plant: Plant) -> None:
    plant.turn()
    now = plant.now()
    overrides.write(client(plant.service, "ssm"), "plant", [Override(False, now + timedelta(hours=1))], now)
    assert plant.turn() == []
    plant.advance(10)
    assert plant.turn() == ["stop v1"]
    plant.advance(10)
    assert plant.states()["v1"] == "STOPPED"


def test_a_stop_that_is_swallowed_is_tried_again_and_told_after_ten_minutes(plant: Plant) -> None:
    plant.turn()
    plant.advance(125)

    def swallow(call: Call) -> Spoiled | None:
        return Spoiled(200) if call.what == "StopProjectVersion" else None

    with intercepted(plant.service.endpoint_url, swallow) as endpoint:
        assert plant.turn(endpoint=endpoint) == ["stop v1"]
        plant.advance(5)
        assert plant.turn(endpoint=endpoint) == ["stop v1"]
        plant.advance(5)
        assert plant.turn(endpoint=endpoint) == ["stop v1", "stop-overdue v1"]
        plant.advance(5)
        assert plant.turn(endpoint=endpoint) == ["stop v1"]
    assert plant.turn() == ["stop v1"]
    assert "customlabels plant: trouble v1" in plant.told()


def test_what_the_service_throttles_is_tried_at_the_next_turn(plant: Plant) -> None:
    def throttle(call: Call) -> Spoiled | None:
        return Spoiled(400, "ThrottlingException") if call.what == "StartProjectVersion" else None

    with intercepted(plant.service.endpoint_url, throttle) as endpoint:
        assert plant.turn(endpoint=endpoint) == ["refused v1"]
    assert plant.turn() == ["start v1"]


def test_a_version_that_was_deleted_is_reported_and_others_are_seen_to(plant: Plant) -> None:
    plant.service.rekognition.start_project_version(ProjectVersionArn=plant.versions["v2"], MinInferenceUnits=1)
    plant.advance(10)
    plant.put(parameters.champion("plant"), json.dumps({"version": "gone", "arn": "gone"}))
    assert plant.turn() == ["missing gone", "stop v2"]


def test_a_champion_that_was_trained_anew_under_its_name_is_told_of_and_not_started(plant: Plant) -> None:
    former = plant.versions["v1"].rpartition("/")[0] + "/1"
    plant.put(parameters.champion("plant"), json.dumps({"version": "v1", "arn": former}))
    assert plant.turn() == ["replaced v1"]
    assert plant.states()["v1"] != "STARTING"
    plant.promote("v1")
    assert plant.turn() == ["start v1"]


def test_a_state_from_before_a_start_is_not_yet(plant: Plant) -> None:
    with intercepted(plant.service.endpoint_url, late=Late(1)) as endpoint:
        assert plant.turn(endpoint=endpoint) == ["start v1"]
        now = plant.now()
        overrides.write(client(plant.service, "ssm"), "plant", [Override(False, now + timedelta(hours=1))], now)
        # The answer is that from before the start, and not taken for a model that is down.
        assert plant.turn(endpoint=endpoint) == []
        assert plant.memory().versions["v1"].status == "STARTING"
        plant.advance(10)
        assert plant.turn(endpoint=endpoint) == ["stop v1"]


def test_without_metrics_no_model_is_idle_and_hours_are_counted_by_looks(plant: Plant) -> None:
    plant.schedule(hours=6, idle_stop=timedelta(minutes=30), monthly_budget=5.0)
    assert plant.turn(metrics_of="eu-west-1") == ["start v1"]
    told: list[str] = []
    for _ in range(22):
        plant.advance(5)
        told += plant.turn(metrics_of="eu-west-1")
    assert told[:1] == ["metrics v1"]
    # An hour and a quarter of one unit.
    assert told[-2:] == ["budget", "stop v1"]


def test_cloudwatch_is_asked_once_an_hour_and_for_idleness_only_when_it_may_decide(plant: Plant) -> None:
    calls: list[str] = []

    def count(call: Call) -> Spoiled | None:
        calls.append(call.what)
        return None

    plant.schedule(hours=8, idle_stop=timedelta(minutes=50), monthly_budget=10**6)
    with intercepted(plant.service.endpoint_url, count) as endpoint:
        for _ in range(24):
            plant.turn(endpoint=endpoint)
            plant.advance(5)
    # At first, once when it had been idle for long enough, after an hour; and not while nothing is up.
    assert sum("GetMetricData" in what for what in calls) == 3, calls


def test_overrides_come_before_windows_and_end_by_themselves(plant: Plant) -> None:
    now = plant.now()
    ssm = client(plant.service, "ssm")
    overrides.write(ssm, "plant", [Override(True, now + timedelta(hours=3), "me", "audit", 2, CHAMPION)], now)
    assert plant.turn() == ["start v1"]
    plant.advance(150)
    assert plant.turn() == []
    plant.advance(31)
    assert plant.turn() == ["stop v1"]
    assert plant.memory().done[0].why == "override on by me (audit)"


def test_a_model_that_nobody_asks_is_stopped_until_its_window_ends(plant: Plant) -> None:
    plant.schedule(idle_stop=timedelta(minutes=30))
    plant.turn()
    plant.advance(10)
    plant.turn()
    plant.advance(15)
    plant.service.rekognition.detect_custom_labels(
        ProjectVersionArn=plant.versions["v1"], Image={"S3Object": {"Bucket": BUCKET, "Name": "across-000.jpg"}}
    )
    plant.advance(20)
    assert plant.turn() == []
    plant.advance(20)
    assert plant.turn() == ["stop v1"]
    plant.advance(15)
    assert plant.turn() == []


def test_a_spent_budget_keeps_everything_down(plant: Plant) -> None:
    plant.schedule(hours=6, monthly_budget=10**6)
    plant.turn()
    plant.advance(70)
    assert plant.turn() == []
    plant.put(
        parameters.schedule("plant"),
        client(plant.service, "ssm")
        .get_parameter(Name=parameters.schedule("plant"))["Parameter"]["Value"]
        .replace("1000000", "2.5"),
    )
    assert plant.turn() == ["budget", "stop v1"]


def test_orphans_are_reported_or_stopped_where_that_is_asked(plant: Plant) -> None:
    rekognition = plant.service.rekognition
    other = rekognition.create_project(ProjectName="forgotten")["ProjectArn"]
    arn = rekognition.copy_project_version(
        SourceProjectArn=plant.arn,
        SourceProjectVersionArn=plant.versions["v1"],
        DestinationProjectArn=other,
        VersionName="old",
        OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
        Tags={"customlabels:toolkit": "0"},
    )["ProjectVersionArn"]
    plant.advance(30)
    rekognition.start_project_version(ProjectVersionArn=arn, MinInferenceUnits=1)
    plant.put(parameters.schedule("plant"), schedule_text(Schedule("UTC", ())))
    plant.advance(30.5)
    assert plant.turn() == ["orphan forgotten/old"]
    assert plant.turn() == []
    plant.put(parameters.schedule("forgotten"), schedule_text(Schedule("UTC", ())))
    assert plant.turn(stops_orphans=True) == []
    client(plant.service, "ssm").delete_parameter(Name=parameters.schedule("forgotten"))
    assert plant.turn(stops_orphans=True) == ["stop forgotten/old"]


def test_a_topic_that_is_gone_keeps_no_model_from_being_started(plant: Plant) -> None:
    gone = Plant(plant.service, plant.project, plant.arn, plant.versions, plant.topic + "-gone", plant.queue)
    assert gone.turn() == ["start v1"]


def test_at_a_windows_end_the_model_stays_where_images_wait_and_the_sweep_decides(plant: Plant) -> None:
    name = f"images-{uuid.uuid4().hex}"
    line = make_line(plant.service, plant.project, name)
    line.tell(deadline_seconds=2 * 3600)
    try:
        plant.schedule(hours=0.5)
        assert plant.turn() == ["start v1"]
        plant.advance(10)
        assert plant.turn() == ["open"]
        assert line.pace("v1")["rate"] == {"N": "5"}
        line.hold(3)
        plant.advance(15)
        assert plant.turn() == []
        plant.advance(6)
        # The window is over, and the function that stops may not look into the queue.
        assert plant.turn(frozenset({Kind.STOP})) == []
        assert plant.turn() == []
        line.let_go()
        assert plant.turn() == ["close", "stop v1"]
        assert plant.memory().done[-1].why == "no image has to be done now, and no window is open"
    finally:
        client(plant.service, "ssm").delete_parameter(Name=parameters.inspection(plant.project))
