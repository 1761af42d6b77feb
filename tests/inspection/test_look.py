"""What the function does with messages, on a running model: verdicts, what becomes of bad ones, and kills anywhere."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from support.inspected import BUCKET, Killed, Line, at, etag, killing, line, message
from support.local_services import client, connect

from customlabels.aws import parameters
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.inspection.documents import inspection_text
from customlabels.inspection.functions import handlers, warm
from customlabels.inspection.functions.knowledge import Version
from customlabels.inspection.rules import Rules

NUMBERS = count()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Line]:
    service = connect(tmp_path_factory.mktemp("line"))
    yield line(service, images, tmp_path_factory.mktemp("drawn"))
    address.stop(service.state)


def told(made: Line, count: int) -> list[dict[str, Any]]:
    """That many events, which take their time."""
    found: list[dict[str, Any]] = []

    def look() -> bool | None:
        found.extend(made.told())
        return True if len(found) >= count else None

    wait_for(look, what="events", most=20)
    return found


def test_images_are_judged_kept_and_told(made: Line) -> None:
    made.told()
    bodies = [made.put("in/a.jpg", "across0"), made.put("in/b c+ü.jpg", "down0")]
    outcome = made.look(bodies)
    assert (outcome.failed, outcome.later) == (set(), {})
    assert [made.sighting(body)["verdict"] for body in bodies] == ["defect", "pass"]
    analysis = made.items(bodies[0])["a#custom-labels#v1"]
    assert (analysis["state"], analysis["labels"][0]["label"], analysis["floor"]) == ("done", "across", 5)
    assert analysis["expires"] > analysis["until"] / 1000 + 89 * 86_400
    events = {event["key"]: event for event in told(made, 2)}
    assert events["in/b c+ü.jpg"]["verdict"] == "pass"
    assert events["in/a.jpg"]["labels"] == ["across"]
    assert outcome.figures["Calls"] == 2


def test_analyzers_look_beside_the_model_once_an_image_and_stand_in_the_sighting(made: Line) -> None:
    body = made.put("in/tagged.jpg", image := made.bodies["across3"] + b"tagged")
    tags = {"rekognition-text": "LOT 4711:99/smudge:40", "rekognition-moderation": ""}
    tagging = {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}
    made.service.s3.put_object_tagging(Bucket=BUCKET, Key="in/tagged.jpg", Tagging=tagging)  # type: ignore[typeddict-item]
    asked: list[str] = []
    made.service.rekognition.meta.events.register(
        "before-call.rekognition", lambda model, **_: asked.append(model.name), unique_id="asked"
    )
    try:
        outcome = made.look([body], analyzers=("text", "moderation"))
        assert (outcome.failed, outcome.later) == (set(), {})
        assert sorted(asked) == ["DetectCustomLabels", "DetectModerationLabels", "DetectText"]
        assert made.sighting(body)["beside"] == {"text": ["LOT 4711"], "moderation": []}
        items = made.items(body)
        assert [seen["label"] for seen in items["a#text#3.0"]["labels"]] == ["LOT 4711", "smudge"]
        assert items["a#moderation#7.0"]["labels"] == []
        again = made.put("in/tagged-again.jpg", image)
        made.look([again], analyzers=("text", "moderation"))
        assert len(asked) == 3
        assert {sk.partition("#")[0] for sk in made.items(again)} == {"a", "k"}
    finally:
        made.service.rekognition.meta.events.unregister("before-call.rekognition", unique_id="asked")


def test_an_analyzer_that_cannot_be_asked_fails_its_image_alone(made: Line) -> None:
    plain = made.put("in/untagged.jpg", made.bodies["across4"] + b"untagged")
    outcome = made.look([plain], analyzers=("text",))
    assert outcome.failed == {"0"}
    assert made.items(plain)["a#custom-labels#v1"]["state"] == "done"
    assert made.look([plain]).figures["Calls"] == 0
    assert made.sighting(plain)["verdict"] == "defect"


def test_the_same_pixels_again_cost_no_call_and_are_traceable_by_their_key(made: Line) -> None:
    first, again = made.put("in/first.jpg", "across1"), made.put("in/again.jpg", "across1")
    assert made.look([first]).figures["Calls"] == 1
    outcome = made.look([again, again, first])
    assert (outcome.figures["Calls"], outcome.figures["Inspected"]) == (0, 1)
    items = made.items(first)
    assert sorted(item["object"] for sk, item in items.items() if sk.startswith("k#")) == [
        "in/again.jpg",
        "in/first.jpg",
    ]
    assert made.look([first, again]).figures["Inspected"] == 0


def test_the_same_pixels_twice_in_a_batch_are_looked_at_once(made: Line) -> None:
    outcome = made.look([made.put("in/x.jpg", "down1"), made.put("in/y.jpg", "down1")])
    assert (outcome.figures["Calls"], outcome.figures["Inspected"], outcome.failed) == (1, 2, set())


def test_bad_images_are_refused_and_their_neighbours_unaffected(made: Line) -> None:
    bad = {
        "text": made.put("in/notes.txt", b"no image"),
        "truncated": made.put("in/cut.jpg", made.bodies["down2"][:300]),
        "empty": made.put("in/empty.jpg", b""),
        "gone": made.put("in/gone.jpg", made.bodies["down2"] + b"1"),
        "replaced": made.put("in/replaced.jpg", made.bodies["down2"] + b"2"),
    }
    made.service.s3.delete_object(Bucket=BUCKET, Key="in/gone.jpg")
    made.put("in/replaced.jpg", made.bodies["down2"] + b"3")
    good = made.put("in/good.jpg", "down3")
    outcome = made.look([*bad.values(), good, "poison"])
    assert outcome.failed == {str(len(bad) + 1)}
    assert made.sighting(good)["verdict"] == "pass"
    whys = {name: made.sighting(body)["why"] for name, body in bad.items()}
    assert {made.sighting(body)["verdict"] for body in bad.values()} == {"refused"}
    assert "InvalidImageFormatException" in whys["text"]
    assert whys["empty"] == "the object is empty"
    assert whys["gone"] == whys["replaced"] == "the object was deleted or replaced before it was looked at"
    assert made.look([bad["text"], bad["truncated"], bad["gone"]]).figures["Calls"] == 0


def test_what_is_done_with_defects_leaves_others_tags_and_comes_to_the_same_when_repeated(made: Line) -> None:
    s3 = made.service.s3
    body = made.put("in/tagged.jpg", "across2")
    s3.put_object_tagging(Bucket=BUCKET, Key="in/tagged.jpg", Tagging={"TagSet": [{"Key": "lot", "Value": "7"}]})
    made.look([body], on_defect="tag")
    assert made.sighting(body)["verdict"] == "defect", made.items(body)
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key="in/tagged.jpg")["TagSet"]}
    assert tags == {"lot": "7", "customlabels:verdict": "defect", "customlabels:labels": "across"}
    copied = made.put("in/shift 1/copied.jpg", "across3")
    made.look([copied], on_defect="copy", goes_to=at(f"s3://{BUCKET}/defects/"))
    assert s3.get_object(Bucket=BUCKET, Key="defects/shift 1/copied.jpg")["Body"].read() == made.bodies["across3"]
    moved = made.put("in/moved.jpg", "across4")
    made.look([moved], on_defect="move", goes_to=at(f"s3://{BUCKET}/defects"))
    assert made.sighting(moved)["did"] == f"moved to s3://{BUCKET}/defects/moved.jpg"
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="in/moved")["KeyCount"] == 0


def test_what_did_not_arrive_in_the_source_is_named_and_left_alone(
    made: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    before, here = made.put("old/a.jpg", "down0"), made.put("in/beside.jpg", "down0")
    other = here.replace(f'"{BUCKET}"', '"line-9"')
    outcome = made.look([before, other, here])
    assert (outcome.failed, outcome.later) == (set(), {})
    assert (outcome.figures["Elsewhere"], outcome.figures["Inspected"]) == (2, 1)
    logged = capsys.readouterr().out
    assert f"s3://{BUCKET}/old/a.jpg is not inspected: it did not arrive in s3://{BUCKET}/in/" in logged
    assert "s3://line-9/in/beside.jpg is not inspected" in logged


def test_a_key_that_would_be_too_long_where_it_goes_leaves_the_object_alone(made: Line) -> None:
    longest = "in/" + "ä" * 508 + ".jpg"
    assert len(longest.encode()) == 1023
    body = made.put(longest, made.bodies["across1"] + b"long")
    outcome = made.look([body], on_defect="move", goes_to=at(f"s3://{BUCKET}/defects/"))
    assert (outcome.failed, outcome.figures["Defects"]) == (set(), 1)
    assert made.sighting(body)["did"].startswith(f"left alone: its key in {BUCKET} would have more than the 1024 bytes")
    assert made.service.s3.list_objects_v2(Bucket=BUCKET, Prefix="in/ä")["KeyCount"] == 1


@pytest.mark.parametrize(
    "name", ["a+b c.jpg", "100% ü.jpg", "a%2Bb.jpg", "#1?x=y&z.jpg", "~'\"<>.jpg", "\u65e5 \u672c.jpg"]
)
@pytest.mark.parametrize("on_defect", ["tag", "copy", "move"])
def test_whatever_stands_in_a_key_its_object_is_seen_to(made: Line, name: str, on_defect: str) -> None:
    mark = f"{name}{on_defect}"
    body = made.put(f"in/{mark}", made.bodies["across0"] + mark.encode())
    outcome = made.look([body], on_defect=on_defect, goes_to=at(f"s3://{BUCKET}/defects/"))
    assert (outcome.failed, outcome.figures["Defects"]) == (set(), 1)
    if on_defect == "tag":
        assert made.service.s3.get_object_tagging(Bucket=BUCKET, Key=f"in/{mark}")["TagSet"]
    else:
        assert made.service.s3.head_object(Bucket=BUCKET, Key=f"defects/{mark}")["ContentLength"]
    assert made.sighting(body)["object"] == f"in/{mark}"


def test_objects_of_any_size_are_known_by_their_bytes_without_being_held(made: Line) -> None:
    huge = made.put("in/huge.jpg", b"\xff\xd8" + bytes(15_000_001))
    asked: list[str] = []
    clients = made.clients()
    clients.s3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name), unique_id="asked")
    try:
        outcome = made.look([huge], by="sha256", clients=clients)
    finally:
        clients.s3.meta.events.unregister("before-call.s3", unique_id="asked")
    assert (outcome.failed, outcome.figures["Refused"], "GetObject" in asked) == (set(), 1, False)


def test_an_object_that_keeps_versions_is_tagged_in_the_version_that_was_looked_at(made: Line) -> None:
    s3 = made.service.s3
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    content = made.bodies["across2"] + b"versioned"
    first = s3.put_object(Bucket="versioned", Key="in/a.jpg", Body=content)
    body = message("in/a.jpg", etag(content), len(content)).replace(f'"{BUCKET}"', '"versioned"')
    outcome = made.look([body], bucket="versioned", on_defect="tag")
    assert (outcome.failed, outcome.figures["Defects"]) == (set(), 1)
    tags = s3.get_object_tagging(Bucket="versioned", Key="in/a.jpg", VersionId=first["VersionId"])["TagSet"]
    assert {tag["Key"] for tag in tags} == {"customlabels:verdict", "customlabels:labels"}


def test_a_new_threshold_judges_again_without_a_call(made: Line) -> None:
    body = made.put("in/low.jpg", "across5")
    made.look([body])
    again = made.put("in/low2.jpg", "across5")
    outcome = made.look([again], rules=Rules(frozenset({"across"}), {"across": 100.0}, 50.0))
    assert (outcome.figures["Calls"], outcome.figures["Unsure"]) == (0, 1)


def test_a_model_that_is_down_gives_images_back_without_a_try_or_a_trace(made: Line) -> None:
    body = made.put("in/down.jpg", made.bodies["down4"] + b"down")
    there = made.version
    made.version = Version("v1", there.arn.replace("/v1/", "/v9/"))
    try:
        outcome = made.look([body])
    finally:
        made.version = there
    assert (outcome.failed, outcome.later, outcome.down) == (set(), {"0": 60}, True)
    assert made.items(body) == {}


def test_a_turn_that_does_not_come_in_time_gives_the_image_back(made: Line) -> None:
    body = made.put("in/late.jpg", made.bodies["down4"] + b"late")
    key = {"pk": {"S": "pace#v1"}, "sk": {"S": "-"}}
    made.table.dynamodb.put_item(TableName=made.table.name, Item={**key, "nxt": {"N": "9999999999999"}})
    outcome = made.look([body])
    made.table.dynamodb.delete_item(TableName=made.table.name, Key=key)
    assert (outcome.failed, outcome.later, outcome.figures["Calls"]) == (set(), {"0": 15}, 0)
    assert made.items(body) == {}


def test_a_failure_stands_in_the_sighting_and_the_next_try_makes_no_second_call(made: Line) -> None:
    body = made.put("in/fails.jpg", made.bodies["across5"] + b"fails")
    nowhere = {"on_defect": "copy", "goes_to": at("s3://no-such-bucket-here/x/")}
    assert made.look([body], **nowhere).failed == {"0"}
    assert "NoSuchBucket" in made.sighting(body)["error"]
    outcome = made.look([body])
    assert (outcome.figures["Calls"], outcome.figures["Inspected"]) == (0, 1)
    assert "error" not in made.sighting(body)


def test_pictures_known_by_their_bytes_are_known_whatever_their_etag(made: Line) -> None:
    body = made.put("in/hash.jpg", made.bodies["down5"])
    other = json.loads(made.put("in/hash2.jpg", made.bodies["down5"]))
    assert made.look([body], by="sha256").figures["Calls"] == 1
    assert made.look([json.dumps(other)], by="sha256").figures["Calls"] == 0


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("number", range(1, 13))
def test_a_kill_after_any_call_costs_one_call_at_most_and_never_a_second_result(
    made: Line, number: int, settled: bool
) -> None:
    made.told()
    body = made.put(f"in/killed{number}{settled}.jpg", made.bodies["across0"] + b"k%d%d" % (number, settled))
    clients = made.clients()
    calls: list[str] = []

    def note(**_: Any) -> None:
        calls.append("DetectCustomLabels")

    clients.rekognition.meta.events.register("before-call.*.*", note, unique_id="note")
    undo = killing([clients.rekognition, clients.s3, clients.events, clients.table.dynamodb], number)
    acts = {"on_defect": "tag"}
    try:
        made.look([body], seconds=0.4, clients=clients, settled=settled, **acts)
        killed = False
    except Killed:
        killed = True
    finally:
        undo()

    def again() -> bool | None:
        outcome = made.look([body], clients=clients, settled=settled, **acts)
        assert outcome.failed == set()
        return None if outcome.later else True

    wait_for(again, what="the claim's end", most=10)
    clients.rekognition.meta.events.unregister("before-call.*.*", unique_id="note")
    assert len(calls) <= 1 + killed
    items = made.items(body)
    assert [item["state"] for item in items.values()] == ["done", "done"]
    assert made.sighting(body)["did"] == "tagged"
    assert len({event["id"] for event in told(made, 1)}) == 1


def test_an_event_that_comes_late_tells_of_bytes_that_are_not_there_any_more(made: Line) -> None:
    before = made.put("in/same.jpg", made.bodies["across0"] + b"before")
    after = made.put("in/same.jpg", made.bodies["down0"] + b"after")
    made.look([after])
    made.look([before])
    assert made.sighting(after)["verdict"] == "pass"
    assert made.sighting(before)["verdict"] == "refused"
    assert "a#custom-labels#v1" not in made.items(before)


@settings(max_examples=12)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), min_size=1, max_size=4), st.booleans())
def test_however_messages_are_doubled_and_ordered_each_image_is_shown_once_and_each_arrival_is_done_once(
    made: Line, batches: list[list[int]], settled: bool
) -> None:
    mark = b"%d" % next(NUMBERS)
    # The first and the second are the same picture under two keys.
    pictures = [made.bodies[name] + mark for name in ("across1", "across1", "down1", "down2")]
    bodies = [made.put(f"in/law{mark.decode()}-{number}.jpg", picture) for number, picture in enumerate(pictures)]
    outcomes = [made.look([bodies[number] for number in batch], settled=settled) for batch in batches]
    seen = {number for batch in batches for number in batch}
    assert not any(outcome.failed or outcome.later for outcome in outcomes)
    assert sum(outcome.figures["Calls"] for outcome in outcomes) == len({pictures[number] for number in seen})
    assert sum(outcome.figures["Inspected"] for outcome in outcomes) == len(seen)
    for number in seen:
        sightings = [item for sk, item in made.items(bodies[number]).items() if sk.startswith("k#")]
        assert {item["state"] for item in sightings} == {"done"}


@pytest.mark.parametrize("settled", [True, False])
def test_workers_at_the_same_messages_at_once_show_each_image_once_and_tell_of_each_arrival_once(
    made: Line, settled: bool
) -> None:
    mark = b"%d" % next(NUMBERS)
    pictures = [made.bodies[name] + mark for name in ("across1", "across1", "down1", "down2")]
    bodies = [made.put(f"in/once{mark.decode()}-{number}.jpg", picture) for number, picture in enumerate(pictures)]
    clients = made.clients()

    def work(turn: int) -> int:
        calls = 0
        waiting = [*bodies[turn:], *bodies[:turn]]

        def look() -> bool | None:
            nonlocal calls, waiting
            outcome = made.look(waiting, settled=settled, clients=clients)
            assert outcome.failed == set()
            calls += outcome.figures["Calls"]
            waiting = [waiting[int(number)] for number in sorted(outcome.later)]
            return None if waiting else True

        wait_for(look, what="the others", most=40)
        return calls

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 3
    keys: list[str] = []

    def told_of() -> bool | None:
        keys.extend(key for event in made.told() if (key := event["key"]).startswith(f"in/once{mark.decode()}-"))
        return True if len(keys) >= len(bodies) else None

    wait_for(told_of, what="events", most=20)
    assert sorted(keys) == [f"in/once{mark.decode()}-{number}.jpg" for number in range(4)]


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function."""

    seconds: float = 60.0

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * self.seconds)


@pytest.fixture
def deployed(made: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The handler's surroundings; the URL of its queue."""
    sqs, ssm = client(made.service, "sqs"), client(made.service, "ssm")
    url = sqs.create_queue(QueueName="arrivals-of-line")["QueueUrl"]
    for name, value in {
        "PROJECT": "line",
        "PROJECT_ARN": made.project_arn,
        "TABLE": made.table.name,
        "QUEUE_URL": url,
        "AWS_ENDPOINT_URL": made.service.endpoint_url,
        "AWS_ACCESS_KEY_ID": made.service.key,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    # The default session keeps the credentials that it looked up first, whoever's they were.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(warm, "memory", warm.Memory())
    warm.client.cache_clear()
    put = {"Type": "String", "Overwrite": True}
    ssm.put_parameter(Name=parameters.inspection_rules("line"), Value=inspection_text(made.inspection), **put)
    champion = json.dumps({"version": "v1", "arn": made.version.arn})
    ssm.put_parameter(Name=parameters.champion("line"), Value=champion, **put)
    yield url
    sqs.delete_queue(QueueUrl=url)
    warm.client.cache_clear()


def event(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def test_the_handler_answers_with_what_failed_alone(
    made: Line, deployed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = made.put("in/handled.jpg", made.bodies["across0"] + b"handled")
    assert handlers.look(event(body, "poison"), Context()) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    # Its threshold is the version's own.
    assert made.sighting(body)["verdict"] == "defect"
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (logged[-1]["Inspected"], logged[-1]["Failed"]) == (1, 1)


def test_what_only_has_to_wait_is_sent_anew_and_costs_no_try(made: Line, deployed: str) -> None:
    other = json.dumps({"version": "v9", "arn": made.version.arn.replace("/v1/", "/v9/")})
    ssm, sqs = client(made.service, "ssm"), client(made.service, "sqs")
    ssm.put_parameter(Name=parameters.champion("line"), Value=other, Type="String", Overwrite=True)
    body = made.put("in/waits.jpg", made.bodies["across0"] + b"waits")
    assert handlers.look(event(body), Context()) == {"batchItemFailures": []}
    told = sqs.get_queue_attributes(QueueUrl=deployed, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert told["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    # The version that serves is asked next.
    serving = json.dumps({"version": "v1", "arn": made.version.arn})
    ssm.put_parameter(Name=parameters.serving("line"), Value=serving, Type="String", Overwrite=True)
    warm.memory.known = None
    assert handlers.look(event(body), Context()) == {"batchItemFailures": []}
    assert made.sighting(body)["verdict"] == "defect"


def test_without_a_champion_images_wait(made: Line, deployed: str) -> None:
    client(made.service, "ssm").delete_parameter(Name=parameters.champion("line"))
    with suppress(ClientError):
        client(made.service, "ssm").delete_parameter(Name=parameters.serving("line"))
    body = made.put("in/nobody.jpg", made.bodies["across0"] + b"nobody")
    assert handlers.look(event(body), Context()) == {"batchItemFailures": []}
    assert made.items(body) == {}


def test_what_a_message_tells_of_wrongly_is_not_looked_at(made: Line) -> None:
    made.put("in/wrong.jpg", "down0")
    body = message("in/wrong.jpg", etag(b"other"), 5)
    made.look([body])
    assert made.sighting(body)["verdict"] == "refused"
