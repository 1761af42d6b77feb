"""customlabels pipeline."""

import difflib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from customlabels.aws import archives
from customlabels.cli.group import Figure, Group, pass_session, project_option
from customlabels.cli.pipeline_made import Made, make, steps_stack_name
from customlabels.core.errors import GateFailed, ServiceError, SettingsError
from customlabels.core.files import written_aside
from customlabels.core.watching import ticking
from customlabels.pipelines.sagemaker import service
from customlabels.pipelines.sagemaker.definition import REFUSE, Pipeline, Places, definition
from customlabels.pipelines.sagemaker.registry import APPROVED
from customlabels.pipelines.sagemaker.template import template
from customlabels.pipelines.training.s3_source import folder_address
from customlabels.scheduler.stack import deployment
from customlabels.scheduler.stack.template import stack_name
from customlabels.session import Session

_FRACTION = Figure(0, 1)
_bucket = click.option("--bucket", help="Where code, manifests and results go.")
_source = click.option(
    "--source", metavar="S3-ADDRESS", help="s3://bucket/folder of the images; executions may differ."
)
_image = click.option("--image", metavar="URI", help="Container of the processing jobs.  [default: AWS's, Python 3.12]")
_instance = click.option("--instance-type", default="ml.m5.large", show_default=True, help="Of the processing jobs.")


def _defined(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command what a definition is made of."""
    for option in (_instance, _image, _source, _bucket, project_option):
        command = option(command)
    return command


@click.group(cls=Group)
def pipeline() -> None:
    """The same run as train, as a SageMaker Pipeline: images in S3 looked at by as many machines as you like."""


@pipeline.command()
@_defined
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="Write the code and a whole template there too."
)
@pass_session
def export(
    session: Session,
    project: str | None,
    bucket: str | None,
    source: str | None,
    image: str | None,
    instance_type: str,
    to: Path | None,
) -> None:
    """Print the pipeline's definition, in SageMaker's JSON; nothing is deployed, and AWS is not asked.

    ${Start.Arn} and the like stand for what CloudFormation makes: the template that --to writes fills them in.

    Example: customlabels pipeline export --project surface --bucket my-bucket --to pipeline
    """
    made = make(session, project, bucket, source, image, instance_type)
    document = definition(made.pipeline)
    text = json.dumps(document, indent=2)
    if to is None:
        session.console.text(text)
        return
    files = {
        "definition.json": text.encode(),
        "template.json": template(made.stack, document).encode(),
        made.stack.key.rpartition("/")[2]: made.functions,
        made.pipeline.code.rpartition("/")[2]: made.jobs,
    }
    to.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        with written_aside(to / name) as file:
            file.write(body)
    session.console.done(
        f"wrote {', '.join(files)} to {to}; upload both zips to s3://{made.stack.bucket}/{made.folder}/code/, "
        "then deploy the template",
        files=[str(to / name) for name in files],
        bucket=made.stack.bucket,
        folder=f"{made.folder}/code",
    )


@pipeline.command()
@_defined
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def deploy(
    session: Session,
    project: str | None,
    bucket: str | None,
    source: str | None,
    image: str | None,
    instance_type: str,
    yes: bool,
) -> None:
    """Deploy functions, queue, roles and pipeline, once the changes have been shown and agreed to. Nothing is run.

    Example: customlabels pipeline deploy --project surface --source s3://my-bucket/photos
    """
    made, clients, console = (
        make(session, project, bucket, source, image, instance_type),
        session.clients,
        session.console,
    )
    name = made.stack.name
    with console.step(f"working out what changes in {name}") as advance:
        deployment.clear_dead(clients.cloudformation, name, ticking(advance))
        proposal = deployment.propose(
            clients.cloudformation, name, template(made.stack), _putting(session, made), ticking(advance)
        )
    before = service.find(clients.sagemaker, made.stack.pipeline)
    rows = [tuple(asdict(one).values()) for one in proposal.changes] if proposal else []
    wanted = None if proposal else definition(_placed(session, made))
    if before != wanted or proposal:
        rows.append(("Modify" if before else "Add", made.stack.pipeline, "the pipeline", ""))
    if not rows:
        console.done(f"{name} is as the settings have it; nothing to change", pipeline=made.stack.pipeline, changes=[])
        return
    if not console.as_json:
        console.table(("", "what", "type", "replaced"), rows)
        if before and wanted:
            console.text("\n".join(_differences(before, wanted)))
    try:
        if not yes:
            click.confirm(f"Make these {len(rows)} changes?", abort=True, err=True)
    except click.Abort:
        if proposal:
            deployment.discard(clients.cloudformation, proposal)
        raise
    for key, body in ((made.stack.key, made.functions), (made.code_key, made.jobs)):
        deployment.put_code(clients.s3, made.stack.bucket, key, body)
    if proposal:
        with console.step(f"deploying {name}") as advance:
            deployment.execute(clients.cloudformation, proposal, ticking(advance))
    placed = _placed(session, made)
    role = _outputs(session, name)["PipelineRole"]
    service.put(
        clients.sagemaker, made.stack.pipeline, definition(placed), role, new=before is None, project=made.stack.project
    )
    console.done(
        f"the pipeline {made.stack.pipeline} is deployed; customlabels pipeline run starts it",
        pipeline=made.stack.pipeline,
        stack=name,
        changes=[list(row) for row in rows],
    )


@pipeline.command()
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
    known = service.find(sagemaker, name)
    if known is None:
        raise ServiceError(f"there is no pipeline {name}", hint="customlabels pipeline deploy makes it")
    parameters = {_PARAMETERS[flag]: str(value) for flag, value in given.items() if value is not None}
    if source is not None:
        parameters["Source"] = str(folder_address(source)).rstrip("/")
    if approve:
        parameters["ModelApprovalStatus"] = APPROVED
    if any("DefaultValue" not in one and one["Name"] not in parameters for one in known["Parameters"]):
        raise SettingsError("no images are named", hint="customlabels pipeline run s3://bucket/folder")
    execution = service.start(sagemaker, name, parameters)
    if no_wait:
        console.done(f"execution {execution} is under way", execution=execution, pipeline=name)
        return
    with console.step(f"execution {execution.rpartition('/')[2]}") as advance:
        status = service.wait_ended(
            sagemaker,
            execution,
            lambda step: console.note(f"{step.name} …"),
            ticking(advance),
            session.held_up,
        )
    _end(session, execution, status, service.steps(sagemaker, execution))


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


@pipeline.command()
@project_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(session: Session, project: str | None, yes: bool) -> None:
    """Delete the pipeline and its stack; versions, model packages and what lies in S3 stay.

    Example: customlabels pipeline remove
    """
    named, clients = session.project(project), session.clients
    name, stack = stack_name(named), steps_stack_name(named)
    if not yes:
        click.confirm(f"Delete the pipeline {name} and {stack}?", abort=True, err=True)
    there = service.delete(clients.sagemaker, name)
    with session.console.step(f"deleting {stack}") as advance:
        gone = deployment.delete(clients.cloudformation, stack, ticking(advance))
    done = f"the pipeline {name} is deleted" if there or gone else f"there was no pipeline {name}"
    session.console.done(done, pipeline=name, deleted=there or gone)


def _outputs(session: Session, stack: str) -> dict[str, str]:
    found = deployment.find(session.clients.cloudformation, stack)
    if found is None:
        raise ServiceError(f"the stack {stack} is gone", hint="run the same command again")
    return deployment.outputs(found)


def _placed(session: Session, made: Made) -> Pipeline:
    """The pipeline with what the deployed stack gives."""
    given = _outputs(session, made.stack.name)
    functions = {name: given[name.capitalize()] for name in made.pipeline.places.functions}
    return replace(made.pipeline, places=Places(functions, given["Queue"], given["ProcessingRole"]))


def _putting(session: Session, made: Made) -> Callable[[str], str]:
    def put(text: str) -> str:
        key = f"{made.folder}/code/{archives.digest(text.encode())[:16]}.json"
        return deployment.put_template(session.clients.s3, made.stack.bucket, key, text)

    return put


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    now, then = (json.dumps(one, indent=2).splitlines() for one in (before, after))
    return list(difflib.unified_diff(now, then, "pipeline deployed", "pipeline by the settings", lineterm="", n=2))


def _end(session: Session, execution: str, status: str, steps: list[service.Step]) -> None:
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
        session.console.table(("step", "status", "seconds", "gave"), rows)

    session.console.result(document, show)
    failed = next((step for step in steps if step.status == "Failed"), None)
    if failed and failed.name == REFUSE:
        said = "the gate failed" if judged.get("Result") == "failed" else "not enough evidence for the gate"
        raise GateFailed(
            f"{said}: {failed.reason}",
            hint="add or mend images of the labels with the lowest figures; the version itself stays",
        )
    if status != "Succeeded":
        said = f"{failed.name}: {failed.reason}" if failed else execution
        raise ServiceError(f"the execution is {status}: {said}", hint="mend the cause, then run the same command again")


def _in_words(step: service.Step) -> str:
    return step.reason or ", ".join(f"{name} {value}" for name, value in step.outputs.items())
