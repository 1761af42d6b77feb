"""Trainings from manifests and images to a model and its evaluation, run in a process beside the service's."""

import json
import os
import queue
import resource
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path

from customlabels.core.files import written_aside
from customlabels.emulator.customlabels.dividing import chosen_for_test
from customlabels.emulator.engine.job_files import BEGUN, ENDED, LOG, finish, write_lines
from customlabels.manifests.codes import message
from customlabels.manifests.entries import Entry, read_entries
from customlabels.manifests.faults import LINE, PART, Fault
from customlabels.manifests.files import manifest_lines
from customlabels.manifests.results import annotated_line, manifest_summary
from customlabels.manifests.validation import OBJECT_LOCALIZATION, Part, judge

_PATIENCE = 300.0
"""Seconds that the process waits for another training."""

_MOST_MEMORY = 400 * 1024 * 1024
"""Bytes; a process that still holds more after a training takes no other."""

_STATM = Path("/proc/self/statm")

_BAD_IMAGE = Fault("ERROR_INVALID_IMAGE", LINE)


def run(state: Path, folder: Path, version_arn: str, seed: int = 0) -> None:
    """Trains on `folder`/train.manifest and test.manifest, or, without the latter, on four fifths of the former.

    Writes the model, the service's files and OUTCOME. Every file is there whole or not at all, OUTCOME last: where it
    is, the job is done.
    """
    training = list(read_entries(manifest_lines(folder / "train.manifest")))
    if (folder / "test.manifest").exists():
        testing = list(read_entries(manifest_lines(folder / "test.manifest")))
    else:
        chosen = chosen_for_test(training)
        if chosen is None:
            _refuse_split(folder, training)
            return
        testing = [entry for number, entry in enumerate(training) if number in chosen]
        training = [entry for number, entry in enumerate(training) if number not in chosen]
    given = (training, testing)
    verdict = judge(*(_part(entries, set()) for entries in given))
    if verdict.faults:
        _describe(folder, given, (set(), set()))
        finish(folder, {"failed": verdict.faults[0].message})
        return
    # Either imports what the other does not need.
    if verdict.use_case == OBJECT_LOCALIZATION:
        from customlabels.emulator.engine import box_training as kind
    else:
        from customlabels.emulator.engine import image_training as kind  # type: ignore[no-redef] # both train alike

    (seen, bad_training), (tested, bad_testing) = (kind.usable(state, entries) for entries in given)
    bad = (bad_training, bad_testing)
    failed = _describe(folder, given, bad)
    finish(folder, {"failed": failed} if failed else kind.train(folder, version_arn, seen, tested, seed))


def _refuse_split(folder: Path, training: list[Entry]) -> None:
    """Ends a training whose manifest cannot be divided; what is wrong with its lines is told all the same."""
    fault = Fault("ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT", PART)
    part = _part(training, set())
    verdict = judge(part, None)
    verdict = replace(verdict, training=(*verdict.training, fault))
    write_lines(folder, "ManifestSummary", [manifest_summary(part, None, verdict)])
    with written_aside(folder / "TrainingManifestWithValidation.json") as file:
        file.writelines(annotated_line(entry) for entry in training)
    finish(folder, {"failed": fault.message})


def refuse_images(folder: Path) -> None:
    """Ends a training none of whose images can be read where they are."""
    training, testing = (
        list(read_entries(manifest_lines(path))) if (path := folder / f"{name}.manifest").exists() else []
        for name in ("train", "test")
    )
    bad_training, bad_testing = ({entry.number for entry in entries} for entries in (training, testing))
    failed = _describe(folder, (training, testing), (bad_training, bad_testing))
    finish(folder, {"failed": failed or message("ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST")})


def _describe(folder: Path, given: tuple[list[Entry], list[Entry]], bad: tuple[set[int], set[int]]) -> str | None:
    """Writes the manifest summary and the validation manifests; why the training fails, if it does."""
    parts = [_part(entries, numbers) for entries, numbers in zip(given, bad, strict=True)]
    verdict = judge(*parts)
    write_lines(folder, "ManifestSummary", [manifest_summary(parts[0], parts[1], verdict)])
    for name, entries, numbers in zip(("Training", "Testing"), given, bad, strict=True):
        with written_aside(folder / f"{name}ManifestWithValidation.json") as file:
            for entry in entries:
                file.write(annotated_line(entry, _BAD_IMAGE if entry.number in numbers else None))
    return verdict.faults[0].message if verdict.faults else None


def _part(entries: list[Entry], bad: set[int]) -> Part:
    """What the lines come to, those whose numbers are in `bad` having an image that cannot be used."""
    part = Part()
    for entry in entries:
        part.add(entry, _BAD_IMAGE if entry.number in bad else None)
    return part


def _orders() -> "queue.SimpleQueue[list[str]]":
    """What is asked for on standard input, a list of strings a line; this process ends where that ends.

    It ends when the service that holds its other end is gone, however it went.
    """
    orders: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    # Without a buffer, whose lock this thread would hold when the process ends.
    given = os.fdopen(os.dup(0), "rb", buffering=0)

    def read() -> None:
        for line in given:
            orders.put(json.loads(line))
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    return orders


def _held() -> int:
    """Bytes of memory that this process holds; outside of Linux the most that it held.

    Linux counts what the service held when it started this process as the most, so that is no measure there.
    """
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Trains what it is asked to, one after the other, and says of each that it has begun and ended.

    What is imported stays, so the next training begins at once. It ends by itself when it has waited for long, or has
    grown.
    """
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    orders = _orders()
    while _held() < _MOST_MEMORY:
        try:
            state, folder, version_arn = orders.get(timeout=_PATIENCE)
        except queue.Empty:
            return
        answers.write(BEGUN)
        with (Path(folder) / LOG).open("ab") as log:
            for stream in (1, 2):
                os.dup2(log.fileno(), stream)
        try:
            run(Path(state), Path(folder), version_arn)
        except Exception:
            traceback.print_exc()
            sys.stderr.flush()
        answers.write(ENDED)


if __name__ == "__main__":
    main()
