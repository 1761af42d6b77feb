"""Whole processes run in turns, and compared round by round: ratios of one run on one machine."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rows import Row, note

ROUNDS = 7
OURS = Path(sys.executable).parent
PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin"
"""The environment of what we are measured beside; `make bench` makes it."""

AGAINST = "CUSTOMLABELS_BENCH_AGAINST"
"""Environment variable: `bin` folder of another revision, which then takes the place of all peers. With NOTHING in it
nothing is timed."""
NOTHING = "-"

Command = list[str] | Callable[[], list[str]]
"""Words, or what gives them anew for each run."""


@dataclass(frozen=True)
class Run:
    """Processor seconds of a process and its children, and the largest memory of one of them in MB."""

    seconds: float
    memory: float


_LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
"""


def run(command: Command) -> Run:
    """Runs a command to its end, its output thrown away.

    A small process starts it: a large one would hand its own memory down as the least that is measured.
    """
    words = command if isinstance(command, list) else command()
    answer = subprocess.run([sys.executable, "-S", "-c", _LAUNCHER, *words], check=True, capture_output=True)
    status, seconds, memory = map(float, answer.stdout.split())
    if status:
        raise SystemExit(f"{' '.join(words)}: ended with {status:.0f}")
    return Run(seconds, memory)


def compare(what: str, ours: Command, peers: Mapping[str, Command], rounds: int = ROUNDS) -> None:
    """Runs all commands in turns, and notes our share of each peer's processor time: the median over rounds."""
    against = os.environ.get(AGAINST)
    if against == NOTHING:
        return
    if against:
        peers = {"the other revision": _translated(ours, against)}
        try:
            run(peers["the other revision"])
        except SystemExit:
            note(Row(what, "the other revision", "not comparable", "it does not know this command"))
            return
    own: list[Run] = []
    others: dict[str, list[Run]] = {name: [] for name in peers}
    for _ in range(rounds):
        own.append(run(ours))
        for name, command in peers.items():
            others[name].append(run(command))
    for name, theirs in others.items():
        ratios = [mine.seconds / its.seconds for mine, its in zip(own, theirs, strict=True)]
        note(
            Row(
                what,
                name,
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                f"{_figure(own)}; beside {_figure(theirs)}",
                rounds,
            )
        )


def _figure(runs: list[Run]) -> str:
    return f"{statistics.median(run_.seconds for run_ in runs):.2f} s, {max(run_.memory for run_ in runs):.0f} MB"


def _translated(command: Command, folder: str) -> Command:
    """The same command of another environment."""

    def words() -> list[str]:
        own = command if isinstance(command, list) else command()
        return [word.replace(f"{OURS}/", f"{folder}/") for word in own]

    return words


def python(code: str, *arguments: object) -> list[str]:
    """A command that runs `code` in our environment, and not with what lies in the folder that it is in."""
    return [sys.executable, "-P", "-c", code, *map(str, arguments)]


def customlabels(*arguments: object) -> list[str]:
    """Our command."""
    return [str(OURS / "customlabels"), *map(str, arguments)]


def peer(program: str, *arguments: object) -> list[str]:
    """A command of the peers' environment: `python`, with code behind -c, or `aws`, say."""
    return [str(PEERS / program), *map(str, arguments)]
