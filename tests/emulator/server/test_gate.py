"""No page of a browser reaches the local service, and only the state's owner has it run code."""

import http.client
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from support.foreign_server import foreign_server
from support.local_services import BUCKET, Service, client, kill, role, zipped

from customlabels.core.errors import ServiceError
from customlabels.emulator.server import address


def ask(service: Service, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    target = urlsplit(service.endpoint_url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": target.netloc, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body or None)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "CROSS-SITE", "anything"])
@pytest.mark.parametrize("path", ["/", "/a-bucket", "/_customlabels/health", "/moto-api/data.json"])
def test_a_browser_says_where_a_request_comes_from_and_is_refused(service: Service, site: str, path: str) -> None:
    assert ask(service, "GET", path, {"Sec-Fetch-Site": site})[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:80"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
def test_another_name_and_another_origin_are_refused(service: Service, headers: dict[str, str]) -> None:
    assert ask(service, "GET", "/", headers)[0] == 403


@given(
    st.sampled_from(["/moto-api", "/latest"]),
    st.sampled_from(["", "/", "/recorder/start-recording", "/reset", "/meta-data/iam/", "/api/token", "/x/../.."]),
    st.sampled_from(["", "/", "//", "/./", "/a/../", "/%2e/"]),
    st.sampled_from([str, str.upper, lambda path: path.replace("-", "%2D").replace("o", "%6F")]),
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
)
def test_none_of_motos_own_pages_is_answered(
    service: Service, page: str, rest: str, before: str, written: object, method: str
) -> None:
    assert callable(written)
    path = (before.rstrip("/") if before.endswith("/") else before) + written(page) + rest
    status, _ = ask(service, method, path or "/", {"Content-Length": "0"})
    if not path.endswith("/x/../.."):
        assert status in (403, 404)
    assert not list(service.state.glob("**/*moto_recording*"))


@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "", "99999999999999999999", "0x10"])
def test_a_length_that_is_none_is_a_bad_request(service: Service, length: str) -> None:
    expected = (400, 413) if length else (200, 400, 403, 404, 405)
    assert ask(service, "PUT", "/a-bucket/key", {"Content-Length": length})[0] in expected


def test_an_object_in_chunks_is_stored_whole(own_service: Service) -> None:
    target = urlsplit(own_service.endpoint_url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=20)
    connection.request("PUT", "/plant-7/chunked", body=iter([b"a" * 70_000, b"b"]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert connection.getresponse().status == 200
    assert own_service.s3.get_object(Bucket="plant-7", Key="chunked")["Body"].read() == b"a" * 70_000 + b"b"


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "deflate", "chunked, chunked", "x"])
def test_a_body_in_another_coding_is_refused_and_never_stored_empty(service: Service, coding: str) -> None:
    status, _ = ask(service, "PUT", f"/{BUCKET}/coded-{len(coding)}", {"Transfer-Encoding": coding})
    assert status == 501
    assert service.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"coded-{len(coding)}")["KeyCount"] == 0


CODE = {
    "lambda": ("list_functions", {}),
    "cloudformation": ("list_stacks", {}),
    "sagemaker": ("list_pipelines", {}),
    "scheduler": ("list_schedules", {}),
    "events": ("list_rules", {}),
    "iam": ("list_users", {}),
    "sts": ("assume_role", {"RoleArn": "arn:aws:iam::123456789012:role/runs", "RoleSessionName": "mine"}),
}


@pytest.mark.parametrize("service_name", sorted(CODE))
def test_what_runs_code_takes_the_states_own_key(service: Service, service_name: str) -> None:
    role(service)
    operation, parameters = CODE[service_name]
    getattr(client(service, service_name), operation)(**parameters)
    session: Any = boto3
    keys = {"aws_access_key_id": "AKIASTRANGER", "aws_secret_access_key": "any", "region_name": "us-east-1"}
    config = Config(retries={"total_max_attempts": 1})
    other = session.client(service_name, endpoint_url=service.endpoint_url, config=config, **keys)
    with pytest.raises(ClientError, match="state's own key"):
        getattr(other, operation)(**parameters)


def test_credentials_that_the_owner_issued_are_taken(own_service: Service) -> None:
    iam = client(own_service, "iam")
    iam.create_user(UserName="ada")
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"], region_name="us-east-1"
    )
    functions = session.client("lambda", endpoint_url=own_service.endpoint_url)
    assert functions.list_functions()["Functions"] == []


def test_the_state_is_its_owners_alone(own_service: Service) -> None:
    own_service.s3.put_object(Bucket="plant-7", Key="k", Body=b"x" * 100)
    client(own_service, "lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role(own_service), Handler="app.f",
        Code={"ZipFile": zipped("def f(e, c): return 1")},
    )  # fmt: skip
    assert stat.S_IMODE(own_service.state.stat().st_mode) == 0o700
    for path in own_service.state.rglob("*"):
        if path.name != ".gitignore":
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


IMPOSTOR = json.dumps({"state": "x", "pid": os.getpid(), "pace": {}, "proof": "f" * 64}).encode()


def test_whoever_answers_at_the_old_port_is_neither_taken_for_it_nor_ended_nor_told(
    own_service: Service,
) -> None:
    kill(own_service)
    port = urlsplit(own_service.endpoint_url).port or 0
    with foreign_server(IMPOSTOR, kind="application/json", port=port) as impostor:
        assert address.running(own_service.state) is None
        assert address.stop(own_service.state) is False
        assert impostor.asked
        assert not any(own_service.key in request for request in impostor.asked)
        assert address.start(own_service.state).port != port


def test_an_answer_that_is_cut_off_counts_as_none(own_service: Service) -> None:
    kill(own_service)
    port = urlsplit(own_service.endpoint_url).port or 0
    with socket.create_server(("127.0.0.1", port)) as listening:
        answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", b"HTTP/1.1 200 OK\r\n\r\n{", b""]

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        for _ in answers:
            assert address.running(own_service.state) is None


def test_a_folder_of_another_user_is_not_used(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    state = tmp_path / "state"
    state.mkdir()
    os.chown(state, 65534, 65534)
    with pytest.raises(ServiceError, match="belongs to another user"):
        address.start(state)


PAGE = """<!doctype html><title>start</title><script>
const base = "http://127.0.0.1:PORT", seen = [];
const add = (tag, set) => new Promise(done => {
  const made = document.createElement(tag);
  made.onload = () => { seen.push(tag + " loaded"); done(); };
  made.onerror = () => done();
  set(made); document.body.append(made);
});
addEventListener("load", async () => {
  await add("img", it => it.src = base + "/moto-api/recorder/start-recording");
  await add("script", it => it.src = base + "/moto-api/data.json");
  await add("script", it => it.src = base + "/_customlabels/health?nonce=1");
  await add("link", it => { it.rel = "stylesheet"; it.href = base + "/latest/meta-data/"; });
  for (const mode of ["no-cors", "cors"])
    for (const method of ["GET", "POST"])
      await fetch(base + "/", {method, mode, body: method == "GET" ? undefined : "Action=CreateQueue&QueueName=stolen",
        headers: {"Content-Type": "application/x-www-form-urlencoded"}}).then(
          answer => answer.type == "opaque" || seen.push("fetched"), () => 0);
  const frame = document.createElement("iframe"); frame.name = "frame"; document.body.append(frame);
  const form = document.createElement("form");
  form.target = "frame"; form.method = "POST"; form.action = base + "/";
  form.innerHTML = "<input name=Action value=CreateQueue><input name=QueueName value=formed>";
  document.body.append(form); form.submit();
  await new Promise(done => setTimeout(done, 2000));
  document.title = "done " + JSON.stringify(seen);
});
</script><body></body>"""


@pytest.mark.around
def test_a_page_in_chromium_reaches_nothing(own_service: Service, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium")
    port = str(urlsplit(own_service.endpoint_url).port)

    named = ["--host-resolver-rules=MAP *.example 127.0.0.1", f"--user-data-dir={tmp_path / 'profile'}"]
    dumped = ["--virtual-time-budget=20000", "--dump-dom"]
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", *named, *dumped]
    with foreign_server(PAGE.replace("PORT", port).encode()) as server:
        for host in ("localhost", "page.example"):
            shown = subprocess.run(
                [*command, f"http://{host}:{server.port}/"], capture_output=True, text=True, timeout=120
            )
            assert "<title>done []</title>" in shown.stdout, shown.stdout + shown.stderr
        address_bar = [*command, f"http://evil.example:{port}/"]
        rebound = subprocess.run(address_bar, capture_output=True, text=True, timeout=120)
        assert "answers to loopback addresses only" in rebound.stdout
    assert "QueueUrls" not in client(own_service, "sqs").list_queues()
    assert sys.platform != "linux" or not list(own_service.state.glob("**/*recording*"))
