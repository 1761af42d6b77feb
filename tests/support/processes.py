"""Processes of this machine, as folders of /proc."""

from pathlib import Path


def processes(named: str) -> list[Path]:
    """Those whose command has that in it."""
    return [path for path in Path("/proc").glob("[0-9]*") if is_named(path, named)]


def children(parent: int, named: str) -> list[Path]:
    """Those that a process has begun and whose command has that in it."""
    return [path for path in processes(named) if f"PPid:\t{parent}\n" in _text(path / "status")]


def is_named(process: Path, named: str) -> bool:
    """Whether it still runs a command that has that in it."""
    return named in _text(process / "cmdline")


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
