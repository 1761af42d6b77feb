"""The processing jobs: images in S3 looked at by several machines, and made into a dataset by one.

Run as `python3 processing.zip look|build`; the zip holds this package's modules and the settings. Source of the files
that a machine finds: SageMaker developer guide, "How Amazon SageMaker Processing configures input and output for your
processing container" and "Save and access metadata information about your processing job".
"""

import argparse
from pathlib import Path
from typing import Any

from customlabels.aws.clients import Clients, Connection
from customlabels.core.addresses import parse_address
from customlabels.core.console import Console
from customlabels.core.errors import CustomLabelsError
from customlabels.core.plurals import counted
from customlabels.datasets.files import wanted
from customlabels.pipelines.sagemaker.sightings import look, read_share
from customlabels.pipelines.training.s3_source import folder_address

_LONGEST_MESSAGE = 1024
"""Bytes of a job's message that DescribeProcessingJob gives."""


def main(arguments: list[str], settings: dict[str, Any]) -> int:
    """Runs a job; its exit code. Why it failed is left where DescribeProcessingJob finds it.

    Parameters
    ----------
    settings : those of the zip: name, bucket, prefix, kms_key, and what the settings say of the dataset
    """
    parser = argparse.ArgumentParser(prog="processing.zip")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("look", "build"):
        command = commands.add_parser(name)
        command.add_argument("--source", required=True)
        command.add_argument("--to", type=parse_address, required=True)
        command.add_argument("--region", required=True)
        command.add_argument("--resources", type=Path, required=True)
        command.add_argument("--message", type=Path, required=True)
    command.add_argument("--version-name", default="")
    command.add_argument("--seed", type=int, required=True)
    command.add_argument("--test-fraction", type=float, required=True)
    chosen = parser.parse_args(arguments)
    console = Console()
    clients = Clients(Connection(region=chosen.region))
    try:
        if chosen.command == "look":
            _look(chosen, settings, clients, console)
        else:
            # Takes more than the standard library, which looking does not.
            from customlabels.pipelines.sagemaker.build_job import build

            build(chosen, settings, clients, console)
    except CustomLabelsError as error:
        console.error(error)
        text = "; ".join([error.message, *error.details])
        chosen.message.parent.mkdir(parents=True, exist_ok=True)
        chosen.message.write_bytes(text.encode()[:_LONGEST_MESSAGE].decode(errors="ignore").encode())
        return error.exit_code
    return 0


def _look(chosen: argparse.Namespace, settings: dict[str, Any], clients: Clients, console: Console) -> None:
    share = read_share(chosen.resources)
    given = settings["dataset"]
    count = look(
        clients.s3,
        folder_address(chosen.source),
        chosen.to,
        share,
        lambda name: wanted(name, given["include"], given["exclude"]),
        console,
        settings["kms_key"],
    )
    console.note(f"machine {share.number + 1} of {share.of}: {counted(count, 'image')} seen")
