"""Names that commands came across, kept for completion: a shell that completes asks no service.

A small file of the user's own, not of the project's; without it nothing is completed, and nothing else is missing.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from customlabels.core.files import written_aside

KINDS = ("project", "version", "label")
_MOST = 200
"""Names of a kind; the newest are kept."""

_LARGEST = 1_000_000


def names_file() -> Path:
    """Where they lie: in the user's cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "customlabels" / "names.json"


def remember(**names: Iterable[str]) -> None:
    """Keeps names by their kind, such as `version=["v-1"]`; where they cannot be kept, nothing is said of it."""
    known = {kind: recall(kind) for kind in KINDS}
    kept = {kind: [*dict.fromkeys([*map(str, names.get(kind, ())), *known[kind]])][:_MOST] for kind in KINDS}
    if kept == known:
        return
    with suppress(OSError, RuntimeError), written_aside(names_file()) as file:
        file.write(json.dumps(kept).encode())


def recall(kind: str) -> list[str]:
    """Names of that kind, the newest first."""
    with suppress(OSError, ValueError, RuntimeError):
        path = names_file()
        if path.stat().st_size <= _LARGEST:
            kept = json.loads(path.read_bytes())
            names = kept.get(kind, []) if isinstance(kept, Mapping) else []
            return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return []
