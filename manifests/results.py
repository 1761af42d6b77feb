"""What the service writes of a validation: the manifest summary, and the manifests with their faults in place.

Source: Custom Labels developer guide, tm-debugging-summary.md and tm-debugging-scope-json-line.md.
"""

from typing import Any

import orjson

from customlabels.manifests.entries import Entry
from customlabels.manifests.faults import BOX, LINE, METADATA, Fault
from customlabels.manifests.validation import Part, Verdict

_INVALID_JSON = "ERROR_INVALID_JSON_LINE"


def manifest_summary(training: Part, testing: Part | None, verdict: Verdict) -> dict[str, Any]:
    """The manifest summary file, as a plain document."""
    parts = {"training": _statistics(training, verdict.use_case, verdict.training)}
    if testing is not None:
        parts["testing"] = _statistics(testing, verdict.use_case, verdict.testing)
    return {"statistics": parts, "errors": [fault.described for fault in verdict.both]}


def annotated_line(entry: Entry, image_fault: Fault | None = None) -> bytes:
    """The entry's line with each fault where it belongs, ending in a newline; the line as it was where it has none.

    A line that cannot be parsed is replaced by its error.
    """
    faults = entry.faults if image_fault is None else (*entry.faults, image_fault)
    if not faults:
        return entry.line + b"\n"
    if faults[0].code == _INVALID_JSON:
        return orjson.dumps({"errors": [faults[0].described]}, option=orjson.OPT_APPEND_NEWLINE)
    value = orjson.loads(entry.line)
    for fault in faults:
        holder = _holder(value, fault)
        holder.setdefault("warnings" if fault.is_warning else "errors", []).append(fault.described)
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _holder(value: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """The object of a line that a fault is written into; the line itself where that one is no object."""
    if fault.scope == LINE:
        return value
    name = f"{fault.attribute}-metadata" if fault.scope == METADATA else fault.attribute
    content = value.get(name)
    if fault.scope == BOX and isinstance(content, dict):
        content = content["annotations"][fault.box]
    return content if isinstance(content, dict) else value


def _statistics(part: Part, use_case: str, faults: tuple[Fault, ...]) -> dict[str, Any]:
    return {
        "use_case": use_case,
        "total_json_lines": part.total,
        "valid_json_lines": part.valid,
        "invalid_json_lines": part.invalid,
        "ignored_json_lines": part.ignored,
        "error_json_line_indices": part.faulty_lines,
        "errors": [fault.described for fault in faults],
    }
