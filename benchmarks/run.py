"""Runs benchmarks, and writes the table that the README quotes: make bench [ONLY="NAME ..."] [PHOTOGRAPHS=…] [SETS=…]

With --against REV each measured command runs in turns with the same command of another revision, in an environment of
its own: make bench-compare REV=... What is no duration is found for both, by the benchmark that each has of it.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from rows import ROWS, Row
from timing import AGAINST, NOTHING

HERE = Path(__file__).parent
ROOT = HERE.parent
TABLE, README = HERE / "figures.md", ROOT / "README.md"
KEPT = ROOT / ".bench"
"""What was measured, a file a benchmark, and other revisions with their environments."""


@dataclass(frozen=True)
class Benchmark:
    """`minutes` it takes on two cores; where it `needs` a folder, PHOTOGRAPHS or SETS, that is its first word."""

    name: str
    minutes: int
    needs: str = ""
    words: tuple[str, ...] = ()


BENCHMARKS = (
    Benchmark("startup", 1),
    Benchmark("csv_to_manifest", 3),
    Benchmark("coco", 2),
    Benchmark("label_studio", 1),
    Benchmark("masks", 2),
    Benchmark("validate", 4),
    Benchmark("probe", 1),
    Benchmark("contents", 3),
    Benchmark("upload", 4),
    Benchmark("versions", 1),
    Benchmark("functions", 1),
    Benchmark("service", 1),
    Benchmark("engines", 10),
    Benchmark("standing", 30),
    Benchmark("detection", 2),
    Benchmark("uptime", 1),
    Benchmark("own_cost", 2),
    Benchmark("kills", 5),
    Benchmark("review", 20),
    Benchmark("drift", 5),
    Benchmark("loop", 20, needs="PHOTOGRAPHS"),
    Benchmark("signals", 10),
    Benchmark("faults", 5),
    Benchmark("weeks", 5),
    Benchmark("inspection", 45),
    Benchmark("inspection_cost", 2),
    Benchmark("video", 10),
    Benchmark("batch", 120),
    Benchmark("chaos", 10, words=("100", "1")),
    Benchmark("magnetic_tile", 5, needs="PHOTOGRAPHS"),
    Benchmark("public_sets", 5, needs="SETS"),
    Benchmark("boxes", 10, needs="PHOTOGRAPHS", words=("1",)),
)
LONG = 5
"""From so many minutes on, a benchmark is compared with another revision only where it is named."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([benchmark.name for benchmark in BENCHMARKS]))
@click.option("--against", metavar="REV", help="Another revision to compare with; the table stays as it is.")
@click.option(
    "--photographs",
    type=click.Path(exists=True, path_type=Path, resolve_path=True),
    help="The set that magnetic_tile.py names.",
)
@click.option(
    "--sets",
    type=click.Path(exists=True, path_type=Path, resolve_path=True),
    help="Clones of what public_sets.py names.",
)
def main(names: tuple[str, ...], against: str | None, photographs: Path | None, sets: Path | None) -> None:
    KEPT.mkdir(exist_ok=True)
    chosen = [benchmark for benchmark in BENCHMARKS if benchmark.name in names or not names]
    folders = {"PHOTOGRAPHS": photographs, "SETS": sets}
    for needed in [name for name, folder in folders.items() if folder is None]:
        if without := [benchmark.name for benchmark in chosen if benchmark.needs == needed]:
            click.echo(f"no {needed}: {' and '.join(without)} left out", err=True)
            chosen = [benchmark for benchmark in chosen if benchmark.needs != needed]
    if against:
        compare([benchmark for benchmark in chosen if names or benchmark.minutes < LONG], against, folders)
        return
    for benchmark in chosen:
        kept = {
            "revision": revision(),
            "rows": [asdict(row) for row in measure(benchmark, folders)],
            "machine": machine(),
        }
        (KEPT / f"{benchmark.name}.json").write_text(json.dumps(kept))
    write()


def measure(
    benchmark: Benchmark, folders: Mapping[str, Path | None], tree: Path = ROOT, against: str = ""
) -> list[Row]:
    """Runs a benchmark of the revision in `tree`, in its environment; its rows."""
    click.secho(f"{benchmark.name}, about {benchmark.minutes} min", bold=True)
    path = KEPT / f"{benchmark.name}.jsonl"
    path.write_bytes(b"")
    given = (str(folders[benchmark.needs]),) if benchmark.needs else ()
    environment = {**os.environ, ROWS: str(path), AGAINST: against}
    python = sys.executable if tree == ROOT else tree / ".venv/bin/python"
    script = tree / HERE.name / f"{benchmark.name}.py"
    # Programs that Python runs by their modules' names find those of the folder that they are in.
    subprocess.run([python, script, *given, *benchmark.words], check=True, env=environment, cwd=tree)
    return [Row(**json.loads(line)) for line in path.read_text().splitlines()]


def compare(chosen: list[Benchmark], name: str, folders: Mapping[str, Path | None]) -> None:
    """Prints what each benchmark finds beside what it finds with the revision `name`."""
    tree = environment_of(name)
    lines = ["| what | ratio | now | then |", "| --- | --- | --- | --- |"]
    for benchmark in chosen:
        now = measure(benchmark, folders, against=str(tree / ".venv/bin"))
        figures = [row for row in now if not row.beside]
        has = (tree / HERE.name / f"{benchmark.name}.py").exists()
        then = measure(benchmark, folders, tree, NOTHING) if figures and has else []
        before = {row.what: row.figure for row in then}
        lines += [cells(row.what, row.ratio, row.figure, before.get(row.what, "")) for row in now]
    click.echo("\n".join(lines))


def environment_of(name: str) -> Path:
    """The tree of a revision, with its environment in .venv, made where it is not there."""
    commit = git("rev-parse", "--verify", "--short=12", f"{name}^{{commit}}")
    tree = KEPT / commit
    if not tree.exists():
        git("worktree", "add", "--detach", str(tree), commit)
    subprocess.run(["make", "--silent", ".venv/ready"], cwd=tree, check=True)
    return tree


def write() -> None:
    """Writes the table of what was measured on this machine, and what the README quotes of it."""
    lines = []
    for benchmark in BENCHMARKS:
        path = KEPT / f"{benchmark.name}.json"
        kept = json.loads(path.read_text()) if path.exists() else {"machine": None}
        if kept["machine"] != machine():
            click.echo(f"{benchmark.name} was not measured on this machine: {TABLE.name} stays as it is", err=True)
            return
        for row in (Row(**values) for values in kept["rows"]):
            lines.append(
                (row.what, row.beside, row.ratio, row.figure, str(row.runs), f"{benchmark.name}.py", kept["revision"])
            )
    head = ("what", "beside", "ratio", "figure", "runs", "benchmark", "revision")
    TABLE.write_text(
        f"# Figures\n\nWritten by `make bench` on {datetime.now(UTC):%Y-%m-%d}; {machine()}\n\n"
        "A ratio is our processor time over that of what stands beside it: the median of paired runs, in brackets\n"
        "the least and the most of them. Seconds are medians, memory is the most of all runs.\n\n"
        + "".join(f"{cells(*line)}\n" for line in (head, ["---"] * len(head), *lines))
    )
    README.write_text(requoted(README.read_text(), lines))


def requoted(text: str, rows: Iterable[tuple[str, ...]]) -> str:
    """The page with its rows that begin like one of `rows` made equal to what that begins with."""
    for row in rows:
        text = re.sub(
            rf"^{re.escape(f'| {row[0]} | {row[1]} |')}.*$", cells(*row[:4]).replace("\\", r"\\"), text, flags=re.M
        )
    return text


def cells(*words: str) -> str:
    return f"| {' | '.join(words)} |"


def machine() -> str:
    """What the figures depend on."""
    known = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) if sys.platform == "linux" else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({known[1] if known else platform.processor()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}."
    )


def revision() -> str:
    # What the table is written to does not count.
    changed = git(
        "status", "--porcelain", "--untracked-files=no", "--", ".", ":!README.md", f":!{TABLE.relative_to(ROOT)}"
    )
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
