"""Runs that are killed or disturbed end as if nothing had been."""

import itertools
import threading
from collections.abc import Iterator

import pytest
from support.drawing import draw
from support.interception import Call, Spoiled
from support.kills import End, calls_of, end, killed_after, run_through, with_credentials
from support.local_services import QUICK, connect
from support.shells import Shell

from customlabels.aws.clients import LOCAL_BUCKET
from customlabels.emulator.server import address

WORDS = ["train", "photos", "-q", "--output", "json"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shell, list[str], End]]:
    """A shell with images, the calls of a run that nothing disturbs, and how it ends."""
    shell = with_credentials(Shell(tmp_path_factory.mktemp("kills")))
    address.start(shell.state, QUICK)
    draw(shell.folder / "photos", {"across": 4, "down": 4})
    service = connect(shell.state)
    service.s3.create_bucket(Bucket=LOCAL_BUCKET)
    calls = calls_of(shell, WORDS, "calm")
    yield shell, calls, end(shell, "calm", service.s3, service.rekognition)
    address.stop(shell.state)


@pytest.mark.around
def test_a_run_that_is_killed_after_a_call_is_finished_by_the_next(undisturbed: tuple[Shell, list[str], End]) -> None:
    shell, calls, wanted = undisturbed
    service = connect(shell.state)
    assert wanted.trainings == 1
    # All points are tried by benchmarks/kills.py; here that after which a training could be paid for twice.
    assert killed_after(shell, WORDS, "killed", calls.index("CreateProjectVersion") + 1)
    shell.run(*WORDS, "--local", "--project", "killed")
    assert end(shell, "killed", service.s3, service.rekognition) == wanted


KINDS = [
    Spoiled(400, "ThrottlingException"),
    Spoiled(500, "InternalServerError"),
    Spoiled(0),
    Spoiled(0, late=True),
]
"""Throttled, broken, cut before the service has the call, and cut when it has answered."""


@pytest.mark.around
def test_a_run_that_is_disturbed_all_the_time_ends_the_same(undisturbed: tuple[Shell, list[str], End]) -> None:
    shell, _, wanted = undisturbed
    service, kinds = connect(shell.state), itertools.cycle(KINDS)
    lock = threading.Lock()

    def spoil(call: Call) -> Spoiled | None:
        with lock:
            if call.number % 4:
                return None
            kind = next(kinds)
        # S3 throttles with a status and a code of its own.
        return Spoiled(503, "SlowDown") if call.is_s3 and kind.status == 400 else kind

    ended, _ = run_through(shell, WORDS, "disturbed", spoil)
    if ended:
        shell.run(*WORDS, "--local", "--project", "disturbed")
    assert ended in (0, 1)
    assert end(shell, "disturbed", service.s3, service.rekognition) == wanted


def test_a_login_that_ends_in_the_middle_is_told(undisturbed: tuple[Shell, list[str], End]) -> None:
    shell, calls, _ = undisturbed
    started = calls.index("CreateProject")

    def spoil(call: Call) -> Spoiled | None:
        return Spoiled(400, "ExpiredTokenException") if call.number > started and not call.is_s3 else None

    code, said = run_through(shell, WORDS, "expired", spoil)
    assert code == 1
    assert "log in again" in said
