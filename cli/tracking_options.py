"""Options for what becomes of a version's figures beside the table: files for other programs, a tracking server."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from customlabels.session import Session

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from customlabels.pipelines.evaluation.measured import Measured

_FILE = click.Path(path_type=Path, dir_okay=False)
_FLAGS = (
    click.option("--track", type=click.Choice(["mlflow", "none"]), help="Log the version on a tracking server."),
    click.option("--metrics-file", type=_FILE, help="Write the figures there as JSON, as dvc metrics reads it."),
    click.option("--plots-file", type=_FILE, help="Write precision and recall over thresholds there as CSV."),
    click.option("--confusion-file", type=_FILE, help="Write actual and predicted labels there as CSV."),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is asked for; `server` is None where nothing is tracked."""

    server: "MlflowClient | None"
    metrics: Path | None
    plots: Path | None
    confusion: Path | None


def keeps(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command `kept`, from settings and flags; a server that cannot be used is refused before all else."""

    @functools.wraps(command)
    def keeping(session: Session, *args: Any, **kwargs: Any) -> Any:
        track, files = kwargs.pop("track"), [kwargs.pop(f"{name}_file") for name in ("metrics", "plots", "confusion")]
        return command(session, *args, kept=Kept(tracking_server(session, track), *files), **kwargs)

    for flag in reversed(_FLAGS):
        keeping = flag(keeping)
    return keeping


def tracking_server(session: Session, flag: str | None = None) -> "MlflowClient | None":
    """The server that flag or settings ask for.

    Raises
    ------
    SettingsError : it cannot be used
    """
    settings = session.settings.track
    if (flag or settings.to) != "mlflow":
        return None
    from customlabels.pipelines.tracking import server

    return server.connect(settings.uri)


def write_files(kept: Kept, measured: "Measured") -> None:
    """Writes the files that are asked for.

    Raises
    ------
    ServiceError : a table needs the evaluation snapshot, and it is gone
    """
    from customlabels.pipelines.evaluation import metrics_files
    from customlabels.pipelines.evaluation.comparison import need_snapshot

    if kept.metrics:
        metrics_files.write_metrics(kept.metrics, measured.evaluation)
    if kept.plots:
        metrics_files.write_curves(kept.plots, need_snapshot(measured))
    if kept.confusion:
        metrics_files.write_confusion(kept.confusion, need_snapshot(measured))
