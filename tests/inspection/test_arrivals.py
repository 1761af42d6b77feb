"""Messages of S3: what they tell of, and what is none."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.addresses import S3Address
from customlabels.inspection.functions.arrivals import arrivals
from customlabels.inspection.records import Arrival


def message(key: str, **more: Any) -> str:
    stored = {"key": quote_plus(key, safe="/"), "size": 9, "eTag": "ab", "sequencer": "0A", **more}
    record = {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "eventTime": "2026-11-26T10:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "line"}, "object": stored},
    }
    return json.dumps({"Records": [record]})


@given(st.text(min_size=1, max_size=40).filter(lambda key: not key.endswith("/")))
def test_a_key_comes_back_as_it_was_whatever_is_in_it(key: str) -> None:
    (arrival,) = arrivals(message(key.encode("utf-8", "replace").decode()))
    assert arrival.address == S3Address("line", key.encode("utf-8", "replace").decode())


def test_an_arrival_is_where_which_bytes_and_when() -> None:
    at = datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert arrivals(message("a b+ü.jpg")) == [Arrival(S3Address("line", "a b+ü.jpg"), "ab", 9, "0A", at)]


@pytest.mark.parametrize(
    ("more", "sequencer"),
    [({}, "0A"), ({"sequencer": None, "versionId": "v7"}, "v7"), ({"sequencer": None}, "2026-11-26T10:00:00.000Z")],
)
def test_without_a_sequencer_something_else_tells_arrivals_apart(more: dict[str, Any], sequencer: str) -> None:
    assert arrivals(message("a.jpg", **more))[0].sequencer == sequencer


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "line"}),
        json.dumps({"Records": []}),
        message("a.jpg").replace("ObjectCreated:Put", "ObjectRemoved:Delete"),
        message("in/folder/", size=0),
    ],
    ids=["test", "nothing", "deletion", "folder"],
)
def test_what_is_no_image_tells_of_none(body: str) -> None:
    assert arrivals(body) == []


@pytest.mark.parametrize(
    "body",
    ["", "x", "[]", "null", "{}", '{"Records": [{}]}', '{"Records": 3}', '{"Records": [1]}', "[" * 100_000],
    ids=range(9),
)
def test_what_is_no_message_of_s3_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="no message of S3"):
        arrivals(body)
