"""Errors a person can act on: each is a sentence, a hint where there is one, and an exit code."""

from collections.abc import Sequence

UNREACHED = "(unreached)"
"""Stands for a code where a call did not come through: no network, or a login that has ended."""


class CustomLabelsError(Exception):
    """Something went wrong that the person can put right.

    Parameters
    ----------
    message : one sentence, naming the file and the line or row where there is one
    hint : what to do next
    details : further faults found in the same go, one sentence each
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = tuple(details)


class SettingsError(CustomLabelsError):
    """customlabels.toml or a flag holds a value that cannot be used."""

    exit_code = 2


class LayoutError(CustomLabelsError):
    """A folder or file of labelled images is not laid out as its format says."""

    exit_code = 4


class ManifestError(CustomLabelsError):
    """A manifest that the service would refuse."""

    exit_code = 4


class GateFailed(CustomLabelsError):
    """A trained version did not reach what the gate asks for."""

    exit_code = 3


class TrainingFailed(CustomLabelsError):
    """The service ended a training with TRAINING_FAILED."""


class ServiceError(CustomLabelsError):
    """The service, or the way to it, refused a call; `code` is the service's own, empty where it gave none."""

    def __init__(self, message: str, *, hint: str | None = None, details: Sequence[str] = (), code: str = "") -> None:
        super().__init__(message, hint=hint, details=details)
        self.code = code
