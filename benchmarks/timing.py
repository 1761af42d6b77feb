"""Whole processes run in turns, and compared round by round: figures of one run on one machine."""

import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROUNDS = 5


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


def run(command: list[str]) -> Run:
    """Runs a command to its end, its output thrown away.

    A small process starts it: a large one would hand its own memory down as the least that is measured.
    """
    answer = subprocess.run([sys.executable, "-S", "-c", _LAUNCHER, *command], check=True, capture_output=True)
    status, seconds, memory = map(float, answer.stdout.split())
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {status:.0f}")
    return Run(seconds, memory)


def compare(title: str, commands: dict[str, list[str]], rounds: int = ROUNDS) -> dict[str, list[Run]]:
    """Runs all commands in turns; prints the first one's share of each other, the median over rounds."""
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(run(command))
    ours = next(iter(runs))
    print(f"{title} ({rounds} rounds)")
    for name, found in runs.items():
        seconds = statistics.median(one.seconds for one in found)
        memory = max(one.memory for one in found)
        line = f"  {name:<40} {seconds:7.2f} s  {memory:6.0f} MB"
        if name != ours:
            ratios = [mine.seconds / its.seconds for mine, its in zip(runs[ours], found, strict=True)]
            line += f"  ours is {statistics.median(ratios):.2f} of it ({min(ratios):.2f} to {max(ratios):.2f})"
        print(line)
    return runs


def python(code: str, *arguments: object) -> list[str]:
    """A command that runs `code` in this environment."""
    return [sys.executable, "-c", code, *map(str, arguments)]


def customlabels(*arguments: object) -> list[str]:
    """The command of this environment."""
    return [str(Path(sys.executable).parent / "customlabels"), *map(str, arguments)]
