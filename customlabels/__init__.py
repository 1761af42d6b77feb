"""Toolkit for teams that train Amazon Rekognition Custom Labels models.

The public API is what `__all__` lists; it is imported when it is first used, so that the command starts at once.
"""

# As type checkers know the name; to import typing takes as long as Python's own start.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from customlabels.core.errors import (
        CustomLabelsError,
        GateFailed,
        LayoutError,
        ManifestError,
        ServiceError,
        SettingsError,
        TrainingFailed,
    )
    from customlabels.core.settings import Settings, load_settings
    from customlabels.datasets.conversion import convert
    from customlabels.datasets.layout import Options
    from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord, Side
    from customlabels.datasets.reading import Policy
    from customlabels.datasets.samples import make_samples
    from customlabels.datasets.showing import Shown, show
    from customlabels.datasets.split import split
    from customlabels.emulator.testing import local_service
    from customlabels.manifests.formats import load_dataset
    from customlabels.manifests.lines import entry_line, write_manifest
    from customlabels.pipelines.evaluation.comparison import Comparison, compare
    from customlabels.pipelines.evaluation.curves import draw_curves
    from customlabels.pipelines.evaluation.evaluation_summary import Evaluation, load_evaluation
    from customlabels.pipelines.evaluation.measured import Measured
    from customlabels.pipelines.evaluation.results import measure
    from customlabels.pipelines.service.detection import DetectedLabel, Detection, detect
    from customlabels.pipelines.service.detection_drawing import draw
    from customlabels.scheduler.actions import Action, Observed
    from customlabels.scheduler.plan import plan
    from customlabels.scheduler.simulation.demand import Trace, two_shift
    from customlabels.scheduler.simulation.simulated import Simulated, simulate
    from customlabels.scheduler.simulation.suggestion import suggest
    from customlabels.scheduler.simulation.week import draw_week
    from customlabels.scheduler.uptime import Override, Schedule, Window
    from customlabels.session import Session

    __version__: str

_PUBLIC = {
    "session": ("Session",),
    "core.errors": (
        *("CustomLabelsError", "GateFailed", "LayoutError", "ManifestError"),
        *("ServiceError", "SettingsError", "TrainingFailed"),
    ),
    "core.settings": ("Settings", "load_settings"),
    "datasets.conversion": ("convert",),
    "datasets.layout": ("Options",),
    "datasets.model": ("Box", "Dataset", "Finding", "ImageRecord", "Side"),
    "datasets.reading": ("Policy",),
    "datasets.samples": ("make_samples",),
    "datasets.showing": ("Shown", "show"),
    "datasets.split": ("split",),
    "emulator.testing": ("local_service",),
    "manifests.formats": ("load_dataset",),
    "manifests.lines": ("entry_line", "write_manifest"),
    "pipelines.evaluation.comparison": ("Comparison", "compare"),
    "pipelines.evaluation.measured": ("Measured",),
    "pipelines.evaluation.curves": ("draw_curves",),
    "pipelines.service.detection": ("Detection", "DetectedLabel", "detect"),
    "pipelines.service.detection_drawing": ("draw",),
    "pipelines.evaluation.evaluation_summary": ("Evaluation", "load_evaluation"),
    "pipelines.evaluation.results": ("measure",),
    "scheduler.actions": ("Action", "Observed"),
    "scheduler.plan": ("plan",),
    "scheduler.simulation.demand": ("Trace", "two_shift"),
    "scheduler.simulation.simulated": ("Simulated", "simulate"),
    "scheduler.simulation.suggestion": ("suggest",),
    "scheduler.simulation.week": ("draw_week",),
    "scheduler.uptime": ("Override", "Schedule", "Window"),
}
"""The names of the public API by the module that has them."""

__all__ = [
    "Action",
    "Box",
    "Comparison",
    "CustomLabelsError",
    "Dataset",
    "DetectedLabel",
    "Detection",
    "Evaluation",
    "Finding",
    "GateFailed",
    "ImageRecord",
    "LayoutError",
    "ManifestError",
    "Measured",
    "Observed",
    "Options",
    "Override",
    "Policy",
    "Schedule",
    "ServiceError",
    "Session",
    "Settings",
    "SettingsError",
    "Shown",
    "Side",
    "Simulated",
    "Trace",
    "TrainingFailed",
    "Window",
    "compare",
    "convert",
    "detect",
    "draw",
    "draw_curves",
    "draw_week",
    "entry_line",
    "load_dataset",
    "load_evaluation",
    "load_settings",
    "local_service",
    "make_samples",
    "measure",
    "plan",
    "show",
    "simulate",
    "split",
    "suggest",
    "two_shift",
    "write_manifest",
]


def __getattr__(name: str) -> "Any":
    if name == "__version__":
        from importlib.metadata import version

        return version("customlabels")
    import importlib

    for module, names in _PUBLIC.items():
        if name in names:
            return getattr(importlib.import_module(f"customlabels.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
