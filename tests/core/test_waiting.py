import pytest

from customlabels.core.errors import UNREACHED, ServiceError
from customlabels.core.waiting import wait_for


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)


def test_it_gives_what_is_seen_first_and_looks_less_and_less_often() -> None:
    clock = Clock()
    seen = wait_for(
        lambda: "done" if clock.now > 3600 else None,
        what="it",
        most=7200,
        sleep=clock.sleep,
        clock=lambda: clock.now,
    )
    assert seen == "done"
    assert clock.pauses == sorted(clock.pauses)
    assert clock.pauses[0] < 1
    assert clock.pauses[-1] == 30


def test_it_gives_up_with_a_sentence() -> None:
    clock = Clock()
    with pytest.raises(ServiceError, match="the model: not done after 10 minutes"):
        wait_for(lambda: None, what="the model", most=600, sleep=clock.sleep, clock=lambda: clock.now)


@pytest.mark.parametrize("code", ["ThrottlingException", "ExpiredTokenException", UNREACHED])
def test_what_may_pass_is_waited_out_and_told_once(code: str) -> None:
    clock, told = Clock(), []

    def look() -> str | None:
        if clock.now < 1800:
            raise ServiceError("looking: no luck", code=code)
        return "done"

    seen = wait_for(look, what="it", most=7200, notify=told.append, sleep=clock.sleep, clock=lambda: clock.now)
    assert (seen, told) == ("done", ["looking: no luck; still waiting"])


@pytest.mark.parametrize(("code", "least"), [("AccessDeniedException", 0), (UNREACHED, 3600)])
def test_what_does_not_pass_ends_the_waiting(code: str, least: float) -> None:
    clock = Clock()

    def look() -> str | None:
        raise ServiceError("looking: no luck", code=code)

    with pytest.raises(ServiceError, match="no luck"):
        wait_for(look, what="it", most=1e6, sleep=clock.sleep, clock=lambda: clock.now)
    assert least <= clock.now <= least + 60
