"""The inspection of images from Python: as a stack, deployed, its results, its dead letters."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.core.addresses import bucket_and_key
from customlabels.core.errors import ServiceError, SettingsError

if TYPE_CHECKING:
    from customlabels.aws.stacks.deployment import Confirm
    from customlabels.inspection.deploying import Deployed, Removed
    from customlabels.inspection.detecting import Known
    from customlabels.inspection.inspection_settings import Asked
    from customlabels.inspection.results import Row
    from customlabels.inspection.retrying import Letter
    from customlabels.inspection.rules import Rules, Verdict
    from customlabels.inspection.stack.inspection_stack import Assembled
    from customlabels.pipelines.service.detection import Detection, Image
    from customlabels.pipelines.service.versions import Description
    from customlabels.session.session import Session


def asked_inspection(session: "Session", bucket: str | None = None) -> "Asked":
    """The inspection of the settings; `bucket` is the project's where it is not that of the settings.

    Raises
    ------
    SettingsError : there is none, or what is wrong with it
    """
    from customlabels.inspection.inspection_settings import read_inspection

    path = session.settings_path
    with _in_its_file(session):
        return read_inspection(session.settings, path.parent if path else Path.cwd(), bucket)


@contextmanager
def _in_its_file(session: "Session") -> Iterator[None]:
    """Names the file and line of what is wrong with the settings, where they are of a file."""
    try:
        yield
    except SettingsError as error:
        path = session.settings_path
        if path is None:
            raise
        from customlabels.core.settings_faults import in_file

        raise in_file(path, (error.message, *error.details)) from error


def inspection_stack(
    session: "Session", project: str | None = None, bucket: str | None = None, *, unaided: bool = False
) -> "Assembled":
    """What the settings make of the project's inspection as a stack; nothing is deployed.

    Parameters
    ----------
    unaided : whether it is made, and that said, where the account cannot be asked

    Raises
    ------
    SettingsError, ServiceError : what keeps images from being inspected so
    """
    from customlabels.aws.unaided import account_or
    from customlabels.inspection.inspection_settings import see_that_it_is_apart
    from customlabels.inspection.stack.inspection_stack import Account, assemble, look_up

    # What is wrong with the settings needs no account to be told, but for the bucket that only the account may tell.
    asked, golden = session.asked_inspection(bucket), _golden(session)
    name, code_bucket = session.project(project), session.bucket(bucket)
    with _in_its_file(session):
        see_that_it_is_apart(asked.inspection, session.settings, code_bucket)
    account = account_or(
        lambda: look_up(session.clients, session.settings, name, asked),
        Account(),
        unaided=unaided,
        warn=session.console.warn,
        lacking="ProjectArn and Topic are parameters of it; keys of encrypted buckets are left out, and whether images "
        "can be inspected so is not checked",
    )
    if account.note:
        session.console.note(account.note)
    return assemble(session.settings, project=name, bucket=code_bucket, asked=asked, account=account, golden=golden)


def _golden(session: "Session") -> bytes | None:
    """The golden images of the settings, packed.

    Raises
    ------
    SettingsError : they cannot be
    """
    from customlabels.inspection.golden_images import golden_of_settings

    given, base = session.settings.inspection.golden, session.settings_path
    if given is None or base is None:
        return None
    return golden_of_settings(base.parent / given)


def stream_changes(session: "Session", assembled: "Assembled") -> list[str]:
    """What deploying would change in streams of Kinesis Video, which no template tells of; a sentence each."""
    from customlabels.inspection import deploying

    return deploying.stream_changes(session.clients, assembled)


def deploy_inspection(
    session: "Session", confirm: "Confirm", *, assembled: "Assembled | None" = None
) -> "Deployed | None":
    """The project's inspection deployed, and the bucket's notification set; None where that was not agreed to.

    Parameters
    ----------
    confirm : asked with the changes before they are made; false, or an exception, leaves everything as it is
    assembled : what is deployed; by default what inspection_stack gives
    """
    from customlabels.inspection import deploying

    return deploying.deploy(
        session.clients, assembled or session.inspection_stack(), confirm=confirm, watch=session.console
    )


def remove_inspection(
    session: "Session", *, project: str | None = None, bucket: str | None = None, results: bool = False
) -> "Removed":
    """The project's inspection deleted, and the bucket's notification taken out; images stay.

    Parameters
    ----------
    results : whether the table of results goes, too

    Raises
    ------
    ServiceError : a batch is running, at whose end nobody would let the model go
    """
    from customlabels.inspection import deploying
    from customlabels.inspection.batches.batch_runs import check_none_runs
    from customlabels.inspection.inspection_settings import arrives_at
    from customlabels.inspection.stack.inspection_stack import code_folder

    name = session.project(project)
    check_none_runs(session.clients, name)
    source, _ = bucket_and_key(arrives_at(session.settings.inspection) or "")
    return deploying.remove(
        session.clients,
        name,
        code=code_folder(session.settings, name, session.bucket(bucket)),
        source=source or None,
        results=results,
        watch=session.console,
    )


def inspection_status(session: "Session", *, project: str | None = None) -> dict[str, Any]:
    """What waits, what could not be inspected, what was found in the last day, which alarms are raised."""
    from customlabels.inspection.deployed import deployed
    from customlabels.inspection.inspection_status import inspection_status

    return inspection_status(session.clients, deployed(session.clients, session.project(project)), session.now())


def inspected(
    session: "Session",
    *,
    since: datetime,
    project: str | None = None,
    verdict: "Verdict | None" = None,
    label: str | None = None,
    again: bool = False,
) -> "Iterator[Row]":
    """What was found in the images that were seen since a time, the oldest first.

    Parameters
    ----------
    verdict, label : only those with that verdict, and those whose verdict rests on that label
    again : judges anew by the thresholds of the settings, without a call
    """
    from customlabels.core.text_groups import text_pattern
    from customlabels.inspection.deployed import results_table
    from customlabels.inspection.results import read

    name = session.project(project)
    rules = _rules_again(session, name) if again else None
    table = results_table(session.clients, name)
    pattern = text_pattern(session.settings.dataset.group_by)
    return read(table, since=since, now=session.now(), verdict=verdict, label=label, again=rules, pattern=pattern)


def dead_letters(session: "Session", *, project: str | None = None) -> "tuple[int, list[Letter]]":
    """How many images could not be inspected, and what ails the first hundred; they stay where they are."""
    from customlabels.inspection import retrying
    from customlabels.inspection.deployed import deployed

    clients, stack = session.clients, deployed(session.clients, session.project(project))
    count = retrying.count(clients, stack.dead)
    letters = retrying.letters(clients, stack.dead, stack.names.table, stack.inspection.by) if count else []
    return count, letters


def retry_inspection(session: "Session", *, project: str | None = None) -> int:
    """Puts what could not be inspected back into the queue; how many."""
    from customlabels.core.watching import ticking
    from customlabels.inspection import retrying
    from customlabels.inspection.deployed import deployed

    stack = deployed(session.clients, session.project(project))
    with session.console.step("putting the dead letters back") as advance:
        return retrying.put_back(session.clients, stack.dead_arn, stack.queue_arn, ticking(advance))


def known_detections(
    session: "Session",
    chosen: "Description",
    images: "Sequence[tuple[str, Image]]",
    *,
    min_confidence: float | None = None,
) -> "tuple[list[Known], Callable[..., Iterator[Detection]]]":
    """The images with what the results table holds of them, and what looks at the others and keeps that.

    Parameters
    ----------
    chosen : the version that looks
    min_confidence : 0..100; each label's assumed threshold where it is None

    Raises
    ------
    ServiceError : the project has no results table, or the version no thresholds of its own
    """
    from functools import partial

    from customlabels.inspection import detecting
    from customlabels.inspection.deployed import results_table
    from customlabels.inspection.rules import FLOOR
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation
    from customlabels.pipelines.service import arns
    from customlabels.pipelines.service.versions import version_name

    arn, name = chosen["ProjectVersionArn"], version_name(chosen)
    table = results_table(session.clients, arns.project_name(arn))
    assumed: dict[str, float] = {}
    if min_confidence is None:
        labels = load_evaluation(session.clients.s3, chosen).labels
        assumed = {metrics.label: 100 * metrics.threshold for metrics in labels}
    lowest = min([FLOOR, *assumed.values(), *([] if min_confidence is None else [min_confidence])])
    now = int(session.now().timestamp())
    look = partial(
        detecting.detect_known,
        session.clients.rekognition,
        table,
        name,
        arn,
        least=(lambda label: assumed.get(label, 0.0)) if min_confidence is None else (lambda label: min_confidence),
        floor=lowest,
        keep=_days_kept(session),
    )
    return detecting.look_up(table, name, arn, session.clients.s3, images, now), look


def _days_kept(session: "Session") -> int:
    """How long results are kept by the settings; they need not ask for an inspection."""
    from customlabels.inspection.inspection_settings import days_kept

    return days_kept(session.settings.inspection)


def _rules_again(session: "Session", project: str) -> Any:
    """The rules of the settings with each version's own thresholds, which are looked up once."""
    from functools import cache

    from customlabels.inspection.rules import with_assumed
    from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation

    rules = session.asked_inspection().inspection.rules

    @cache
    def of_version(version: str) -> "Rules":
        try:
            evaluation = load_evaluation(session.clients.s3, session.version(project, version, gone=True))
        except ServiceError as error:
            session.console.warn(f"{error.message}: labels without a threshold in the settings leave it open")
            return rules
        return with_assumed(rules, {metrics.label: 100 * metrics.threshold for metrics in evaluation.labels})

    return of_version
