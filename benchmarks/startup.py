"""How long `customlabels --help` takes beside Python itself and beside the AWS CLI: python benchmarks/startup.py"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 21


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    programs = Path(sys.executable).parent
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "customlabels --help": [str(programs / "customlabels"), "--help"],
        "aws --version": [str(programs / "aws"), "--version"],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            taken[name].append(seconds(command))
    ours = taken["customlabels --help"]
    for name, figures in taken.items():
        ratio = statistics.median(mine / its for mine, its in zip(ours, figures, strict=True))
        print(f"{name:<22} {statistics.median(figures) * 1000:6.1f} ms   customlabels --help is {ratio:.2f} of it")


if __name__ == "__main__":
    main()
