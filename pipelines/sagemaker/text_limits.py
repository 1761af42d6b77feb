"""What SageMaker takes of texts, seen to before anything is deployed or run. Pure.

Source: SageMaker API reference, CreateProcessingJob (ContainerArguments), CreateModelPackage
(CustomerMetadataProperties), OutputParameter; developer guide, "Pipelines quotas".
"""

from collections.abc import Iterable

from customlabels.core.errors import SettingsError

LONGEST_ARGUMENT = 256
"""Characters of an argument of a processing job, and of a value of a model package's metadata."""

LONGEST_OUTPUT = 1024
"""Characters of what a step gives."""

EXECUTION_ID = 36
"""Characters that an execution's id has at most, of which its folder's address is made."""


def check_arguments(arguments: Iterable[tuple[str, str]]) -> None:
    """Sees that a job can be given these arguments: what each is, and its text.

    Raises
    ------
    SettingsError : with every one that is too long
    """
    faults = [
        f"{what} is {len(text)} characters long, and a processing job takes {LONGEST_ARGUMENT}: {text}"
        for what, text in arguments
        if len(text) > LONGEST_ARGUMENT
    ]
    if faults:
        raise SettingsError(
            faults[0], details=faults[1:], hint="use a shorter project name, prefix or folder of images in S3"
        )


def cut(text: str, most: int) -> str:
    """The text, its end left out where it is longer than that."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
