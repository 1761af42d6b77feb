"""Signals at random moments of what starts a model or a training: python benchmarks/signals.py [ROUNDS [COMMAND...]]

SIGTERM, SIGHUP and SIGINT in turn, ROUNDS (default: 50) a command, at any moment of as long as it takes undisturbed.
Afterwards no unit is up without a word, no guard is left, and the exit code is the signal's.
"""

import random
import signal
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from support.drawing import draw
from support.local_services import STRICT, Service, connect
from support.shells import Shell
from support.signals import ENDING, guards, strike, up

from customlabels.emulator.server import address

COMMANDS = {
    "detect --start": ("detect", "photos", "--local", "--start", "--yes", "--rate", "20", "--version", "v1"),
    "versions compare --re-evaluate": ("versions", "compare", "v1", "v2", "--local", "--re-evaluate", "--yes"),
    "train": ("train", "photos", "--local", "--project", "NEW"),
}


def main(rounds: int, names: list[str]) -> None:
    # Whatever is started with nohup leaves SIGHUP alone, as do those that it starts.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(Path(folder))
        address.start(shell.state, address.Pace(scale=0.01, rate=30, strict=STRICT))
        service = connect(shell.state)
        try:
            draw(shell.folder / "photos", {"across": 6, "down": 6})
            for name, seed in (("v1", "0"), ("v2", "5")):
                shell.run("train", "photos", "--local", "--version-name", name, "--seed", seed, "-q")
            for name, words in COMMANDS.items():
                if not names or name in names:
                    note(struck(shell, service, name, words, rounds))
        finally:
            address.stop(shell.state)


def struck(shell: Shell, service: Service, name: str, words: tuple[str, ...], rounds: int) -> Row:
    """The command, struck so many times."""
    chance, signals = random.Random(name), cycle(ENDING)
    began = time.monotonic()
    shell.run(*_at(words, "calm"))
    whole = time.monotonic() - began
    ended = dict.fromkeys(ENDING, 0)
    early = done = 0
    longest = 0.0
    for number in range(rounds):
        sent: signal.Signals = next(signals)
        moment = chance.uniform(0, whole)
        result = strike(shell, _at(words, f"struck-{number}"), sent, moment)
        where = f"{name}, {sent.name} after {moment:.2f} s: {result.code}\n{result.said}"
        assert result.early or result.orderly, where
        assert not up(service), where
        assert not guards(service), where
        early += result.early
        done += result.code == 0
        ended[sent] += result.code == ENDING[sent]
        longest = max(longest, result.seconds)
        print(f"{name}: {number + 1} of {rounds}", file=sys.stderr, flush=True)
    counts = ", ".join(f"{count} by {number.name}" for number, count in ended.items())
    figure = (
        f"no unit up and no guard left after any; {counts} in good order, {early} before it was a command, {done} when "
        f"it was done; at most {longest:.1f} s from the signal to the end"
    )
    return Row(f"{name}, sent a signal at any moment of {whole:.1f} s", figure=figure, runs=rounds)


def _at(words: tuple[str, ...], project: str) -> tuple[str, ...]:
    """The command for a project of its own, where it makes one."""
    return tuple(project if word == "NEW" else word for word in words)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50, sys.argv[2:])
