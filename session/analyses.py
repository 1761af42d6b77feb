"""Rekognition's own analyzers from Python: what each sees in images, and nothing twice where results are kept."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customlabels.inspection.analyzers import Analyzer, Findings
    from customlabels.inspection.claims import Table
    from customlabels.pipelines.service.detection import Image
    from customlabels.session.session import Session

_HOLDS = 120_000
"""Milliseconds that a claim holds: longer than a call takes with all its tries."""

_DAY, _THREADS = 86_400, 8
_BUSY = "somebody else is looking at it just now; run the same command again"


def analyses(
    session: "Session",
    images: "Sequence[tuple[str, Image]]",
    names: Sequence[str],
    *,
    results_of: str | None = None,
    rate: float = 20.0,
) -> "Iterator[tuple[str, Mapping[str, Findings]]]":
    """What each analyzer sees in each image, in order.

    Parameters
    ----------
    names : of analyzers: labels, properties, text, moderation, faces
    results_of : the project whose results table is read and written, so that no image is paid for twice
    rate : calls a second, at most; accounts start with 5 to 50 an operation

    Raises
    ------
    ServiceError : an analyzer, or the table, cannot be asked
    """
    from customlabels.aws.clients import explained
    from customlabels.core.pacing import Pacer
    from customlabels.core.threads import in_threads
    from customlabels.inspection import analysing
    from customlabels.inspection.analyzers import ANALYZERS, Findings, ask
    from customlabels.inspection.claims import Busy
    from customlabels.inspection.deployed import results_table
    from customlabels.inspection.detecting import image_key
    from customlabels.inspection.inspection_settings import days_kept
    from customlabels.pipelines.service.detection import ImageRefused, shown

    clients, pacer = session.clients, Pacer(rate)
    table: Table | None = results_table(clients, results_of) if results_of is not None else None
    versions = analysing.Versions(table) if table is not None else None
    keep = days_kept(session.settings.inspection)

    def look(task: "tuple[str, Image, Analyzer]") -> Findings:
        name, image, analyzer = task

        def asked() -> Findings:
            body = shown(image)
            pacer.wait()
            return ask(clients.rekognition, analyzer, body)

        try:
            with explained(f"showing {name} to {analyzer.operation}"):
                key = image_key(clients.s3, image) if versions is not None else None
                if versions is None or key is None:
                    return asked()
                now = int(time.time() * 1000)
                known = analysing.analyse(
                    versions,
                    key,
                    analyzer,
                    asked,
                    now=now,
                    until=now + _HOLDS,
                    expires=now // 1000 + keep * _DAY,
                )
        except ImageRefused as error:
            return Findings("", refusal=error.message)
        return Findings("", refusal=_BUSY) if isinstance(known, Busy) else known

    chosen = [ANALYZERS[name] for name in names]
    tasks = ((name, image, analyzer) for name, image in images for analyzer in chosen)
    found = in_threads(look, tasks, _THREADS)
    for name, _ in images:
        yield name, {analyzer.name: next(found) for analyzer in chosen}
