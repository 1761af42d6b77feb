"""Trainings run beside the server: at most two at a time, in processes of their own."""

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from customlabels.core.addresses import S3Address, join_key
from customlabels.emulator.customlabels.state import Project, Status, Version, from_document, to_document
from customlabels.emulator.customlabels.versions import FEATURES_TAG, MAX_TRAININGS, training_folder
from customlabels.emulator.engine.job import refuse_images
from customlabels.emulator.engine.job_files import LOG, OUTCOME, RESULTS
from customlabels.emulator.engine.warm_jobs import WarmJobs
from customlabels.emulator.s3 import objects
from customlabels.emulator.server.store import Store
from customlabels.manifests.codes import message
from customlabels.manifests.entries import read_entries

_SERVICE_ISSUE = "Amazon Rekognition experienced a service issue."

_PAUSE = 10
"""Seconds after which a training that could not be kept, on a full disk say, is tried again."""

_LOOKED_AT = 100
"""Lines of a manifest whose images' bucket is looked at."""

log = logging.getLogger(__name__)


class Trainer:
    """Trains versions that wait for it; one that was cut off is trained anew when the service comes back."""

    def __init__(self, store: Store, least_seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._least = least_seconds
        self._clock = clock
        self._jobs = WarmJobs()
        self._pool = ThreadPoolExecutor(MAX_TRAININGS, thread_name_prefix="training")

    def submit(self, arn: str) -> None:
        self._pool.submit(self._train, arn)

    def resume(self, regions: list[str]) -> None:
        """Takes up every training that was in progress when the service went away."""
        for region in regions:
            for project in self._store.resources("project", region):
                for document in self._store.resources("version", from_document(Project, project).arn):
                    version = from_document(Version, document)
                    if version.status.now == "TRAINING_IN_PROGRESS":
                        self.submit(version.arn)

    def _train(self, arn: str) -> None:
        try:
            outcome = self._outcome(arn)
            document = self._store.get_resource(arn)
            if document is not None:
                self._end(from_document(Version, document), outcome)
        except Exception:
            log.exception("training of %s; tried again in %d seconds", arn, _PAUSE)
            again = threading.Timer(_PAUSE, self.submit, (arn,))
            again.daemon = True
            again.start()

    def _outcome(self, arn: str) -> dict[str, Any]:
        folder = training_folder(self._store.folder, arn)
        path = folder / OUTCOME
        if not path.exists() and _has_images_elsewhere(folder, region_of(arn)):
            refuse_images(folder)
        if not path.exists():
            self._jobs.train(self._store.folder, folder, arn)
        if not path.exists():
            log.error("training of %s ended without a result; see %s", arn, folder / LOG)
            return {"failed": _SERVICE_ISSUE}
        outcome: dict[str, Any] = json.loads(path.read_bytes())
        return outcome

    def _end(self, version: Version, outcome: dict[str, Any]) -> None:
        while (left := version.created + self._least - self._clock()) > 0:
            # In short turns: the clock may be moved on meanwhile.
            time.sleep(min(left, 0.2))
        ended = self._clock()
        project = self._store.get_resource(version.project)
        name = project["name"] if project else ""
        folder = training_folder(self._store.folder, version.arn)
        outputs = {}
        if objects.bucket_region(version.bucket) != region_of(version.arn):
            outcome = {"failed": message("ERROR_CANNOT_WRITE_OUTPUT_S3_BUCKET")}
        else:
            # A training that fails on its manifests tells what is wrong with them all the same.
            written = [kind for kind in RESULTS if (folder / f"{kind}.json").exists()]
            outputs = {kind: join_key(version.prefix, f"{kind}-{name}-{version.name}.json") for kind in written}
            for kind, key in outputs.items():
                body = (folder / f"{kind}.json").read_bytes()
                objects.write(self._store, S3Address(version.bucket, key), body, version.kms_key)
        if "failed" in outcome:
            self._save(
                replace(
                    version,
                    status=Status("TRAINING_FAILED", due=ended),
                    message=outcome["failed"],
                    ended=ended,
                    outputs=outputs,
                )
            )
            return
        self._save(
            replace(
                version,
                status=Status("TRAINING_COMPLETED", due=ended),
                message="The model is ready to run.",
                ended=ended,
                billable_seconds=math.ceil(ended - version.created),
                f1=outcome["f1"],
                labels=tuple(outcome["labels"]),
                training_images=outcome["training_images"],
                testing_images=outcome["testing_images"],
                outputs=outputs,
                tags=version.tags | {FEATURES_TAG: outcome["features"]},
            )
        )

    def _save(self, version: Version) -> None:
        self._store.put_resource(version.arn, "version", version.project, to_document(version))


def region_of(arn: str) -> str:
    return arn.split(":")[3]


def _has_images_elsewhere(folder: Path, region: str) -> bool:
    """Whether a training's images are in a bucket of another region; all of them have to be in one bucket."""
    with (folder / "train.manifest").open("rb") as file:
        entries = read_entries(islice(file, _LOOKED_AT))
        buckets = {entry.image.bucket for entry in entries if entry.image is not None}
    regions = {objects.bucket_region(bucket) for bucket in buckets} - {None}
    return bool(regions) and region not in regions
