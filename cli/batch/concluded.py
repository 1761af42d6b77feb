"""What a person sees of a batch that has ended."""

from typing import Any

from customlabels.inspection.rules import Verdict
from customlabels.session import Session

_ORDER = (*(verdict.value for verdict in Verdict), "failed")


def show_end(session: Session, summary: dict[str, Any]) -> None:
    """One sentence with counts."""
    counts = ", ".join(f"{summary[name]:,} {name}" for name in _ORDER if summary.get(name))
    images = summary["images"]
    hint = "customlabels batch results shows them"
    if summary.get("failed"):
        hint += ", redrive looks at those that failed"
    sentence = f"batch {summary['batch']}: {images:,} image{'' if images == 1 else 's'}, {counts or 'none'}; {hint}"
    session.console.done(sentence, **summary)
