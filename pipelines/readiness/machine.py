"""The machine: Python, what the package needs, and what its extras need. Nothing is asked over the network."""

import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata

from customlabels.core.settings import Settings
from customlabels.pipelines.readiness.findings import NOTHING, Finding, Standing

SUBJECT = "machine"
PACKAGE = "customlabels"
OLDEST = (3, 11)

EXTRAS = {
    "heic": "photographs in HEIC and HEIF",
    "local": "the local service that stands in for AWS",
    "mlflow": "versions logged to an MLflow server",
    "parquet": "Hugging Face data sets in Parquet files",
    "sagemaker": "the pipeline from a notebook, with SageMaker's own SDK",
}
"""The extras that people install, and what each is for."""


def machine(settings: Settings) -> Iterator[Finding]:
    """Python, dependencies and extras."""
    yield python(sys.version_info[:2], platform.python_implementation())
    required = metadata.requires(PACKAGE) or []
    yield dependencies(_wanting(_of_extra(required, "")))
    for extra, purpose in EXTRAS.items():
        yield extra_finding(extra, purpose, _wanting(_of_extra(required, extra)), needed=extra in _needed(settings))


def python(version: tuple[int, ...], implementation: str) -> Finding:
    """Whether this Python is one that the package runs on."""
    seen = f"{implementation} {'.'.join(map(str, version))}"
    if version < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return Finding(SUBJECT, "Python", Standing.FAILED, seen, f"install Python {wanted} or newer")
    return Finding(SUBJECT, "Python", Standing.OK, seen, NOTHING)


def dependencies(wanting: Mapping[str, str]) -> Finding:
    """Whether all is installed, in a version that fits.

    Parameters
    ----------
    wanting : what is not as it should be, by the requirement
    """
    if wanting:
        seen = ", ".join(f"{requirement}: {held}" for requirement, held in wanting.items())
        advice = f"install {PACKAGE} anew, as it was installed: pip install PATH-OR-ADDRESS"
        return Finding(SUBJECT, "dependencies", Standing.FAILED, seen, advice)
    return Finding(SUBJECT, "dependencies", Standing.OK, f"all that {_version()} needs is installed", NOTHING)


def extra_finding(extra: str, purpose: str, wanting: Mapping[str, str], *, needed: bool) -> Finding:
    """Whether an extra is installed; one that the settings need has to be."""
    check, advice = f"extra {extra}", f"pip install '{PACKAGE}[{extra}]' for {purpose}"
    if not wanting:
        return Finding(SUBJECT, check, Standing.OK, "installed", NOTHING)
    seen = ", ".join(f"{requirement}: {held}" for requirement, held in wanting.items())
    if needed:
        return Finding(SUBJECT, check, Standing.FAILED, f"the settings ask for it; {seen}", advice)
    return Finding(SUBJECT, check, Standing.SKIPPED, f"not needed; {seen}", advice)


def _needed(settings: Settings) -> set[str]:
    return {"mlflow"} if settings.track.to == "mlflow" else set()


def _version() -> str:
    return f"{PACKAGE} {metadata.version(PACKAGE)}"


def _of_extra(required: Iterable[str], extra: str) -> list[str]:
    """The requirements of an extra; those of the package itself where it is empty."""
    from packaging.requirements import Requirement

    chosen = []
    for text in required:
        marker = Requirement(text).marker
        plain = marker is None or marker.evaluate({"extra": ""})
        if plain != bool(extra) and (marker is None or marker.evaluate({"extra": extra})):
            chosen.append(text)
    return chosen


def _wanting(required: Iterable[str]) -> dict[str, str]:
    """What is not installed, or in a version that does not fit, by the requirement."""
    from packaging.requirements import Requirement

    wanting = {}
    for text in required:
        requirement = Requirement(text)
        try:
            held = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wanting[f"{requirement.name}{requirement.specifier}"] = "not installed"
            continue
        if not requirement.specifier.contains(held, prereleases=True):
            wanting[f"{requirement.name}{requirement.specifier}"] = f"{held} is installed"
    return wanting
