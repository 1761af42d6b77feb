"""customlabels pipeline run."""

from dataclasses import asdict
from typing import Any

import click

from customlabels.aws.stacks.names import stack_name
from customlabels.cli.group import Command, Figure, pass_session, project_option
from customlabels.core.errors import GateFailed, ServiceError, SettingsError
from customlabels.core.watching import ticking
from customlabels.pipelines.sagemaker import executions
from customlabels.pipelines.sagemaker.definition import REFUSE
from customlabels.pipelines.sagemaker.registry import APPROVED
from customlabels.pipelines.sagemaker.text_limits import check_arguments
from customlabels.pipelines.training.s3_source import folder_address
from customlabels.session import Session

_FRACTION = Figure(0, 1)


@click.command(cls=Command)
@click.argument("source", metavar="[S3-ADDRESS]", required=False)
@project_option
@click.option("--min-f1", type=_FRACTION, help="Fail when the version's F1 is lower.")
@click.option("--min-precision", type=_FRACTION, help="... or its precision.")
@click.option("--min-recall", type=_FRACTION, help="... or its recall.")
@click.option("--min-label-f1", type=_FRACTION, help="... or the F1 of any label.")
@click.option("--version-name", help="Name of the version.  [default: made from the images]")
@click.option("--seed", type=int, help="Another seed, another split.")
@click.option(
    "--test-fraction", type=Figure(0, 1, min_open=True, max_open=True), help="Part of images kept for testing."
)
@click.option("--instances", type=click.IntRange(1), help="Machines that look at the images.")
@click.option("--approve", is_flag=True, help="Approve the version that passes, which makes it champion.")
@click.option("--no-wait", is_flag=True, help="Start the execution and leave.")
@pass_session
def run(session: Session, source: str | None, project: str | None, approve: bool, no_wait: bool, **given: Any) -> None:
    """Run the deployed pipeline on the labelled images below S3-ADDRESS, and follow it to its end.

    Exits 3 where the version does not pass the gate.

    Example: customlabels pipeline run s3://my-bucket/photos --min-f1 0.8 --instances 4
    """
    name, sagemaker, console = stack_name(session.project(project)), session.clients.sagemaker, session.console
    known = executions.find(sagemaker, name)
    if known is None:
        raise ServiceError(f"there is no pipeline {name}", hint="customlabels pipeline deploy makes it")
    parameters = {_PARAMETERS[flag]: str(value) for flag, value in given.items() if value is not None}
    if source is not None:
        parameters["Source"] = str(folder_address(source)).rstrip("/")
        check_arguments([("the folder of images", parameters["Source"])])
    if approve:
        parameters["ModelApprovalStatus"] = APPROVED
    if any(
        "DefaultValue" not in parameter and parameter["Name"] not in parameters for parameter in known["Parameters"]
    ):
        raise SettingsError("no images are named", hint="customlabels pipeline run s3://bucket/folder")
    execution = executions.start(sagemaker, name, parameters)
    if no_wait:
        console.done(f"execution {execution} is under way", execution=execution, pipeline=name)
        return
    with console.step(f"execution {execution.rpartition('/')[2]}") as advance:
        status = executions.wait_ended(
            sagemaker,
            execution,
            lambda step: console.note(f"{step.name} …"),
            ticking(advance),
            session.held_up,
        )
    _end(session, execution, status, executions.steps(sagemaker, execution))


_PARAMETERS = {
    "min_f1": "MinF1",
    "min_precision": "MinPrecision",
    "min_recall": "MinRecall",
    "min_label_f1": "MinLabelF1",
    "version_name": "VersionName",
    "seed": "Seed",
    "test_fraction": "TestFraction",
    "instances": "LookInstances",
}


def _end(session: Session, execution: str, status: str, steps: list[executions.Step]) -> None:
    """Shows how an execution ended.

    Raises
    ------
    GateFailed : the version did not pass
    ServiceError : a step failed otherwise
    """
    outputs = {step.name: step.outputs for step in steps}
    judged, registered = outputs.get("Evaluate", {}), outputs.get("Register", {})
    document = {
        "execution": execution,
        "status": status,
        "steps": [asdict(step) for step in steps],
        "version": outputs.get("Start", {}).get("Version"),
        "f1": float(judged["F1"]) if judged else None,
        "gate": judged.get("Result"),
        "model_package": registered.get("ModelPackageArn"),
        "champion": registered.get("Champion") or None,
    }

    def show(_: object) -> None:
        rows = [(step.name, step.status, step.seconds, _in_words(step)) for step in steps]
        session.console.table(("step", "status", "seconds", "gave"), rows, give_way=("gave",))

    session.console.result(document, show)
    failed = next((step for step in steps if step.status == "Failed"), None)
    if failed and failed.name == REFUSE:
        outcome = "the gate failed" if judged.get("Result") == "failed" else "not enough evidence for the gate"
        raise GateFailed(
            f"{outcome}: {failed.reason}",
            hint="add or mend images of the labels with the lowest figures; the version itself stays",
        )
    if status != "Succeeded":
        cause = f"{failed.name}: {failed.reason}" if failed else execution
        raise ServiceError(
            f"the execution is {status}: {cause}", hint="mend the cause, then run the same command again"
        )


def _in_words(step: executions.Step) -> str:
    return step.reason or ", ".join(f"{name} {value}" for name, value in step.outputs.items())
