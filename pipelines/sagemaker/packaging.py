"""The code that is deployed: a zip for the Lambda functions, another for the processing jobs.

Both hold this package's modules. What the functions import besides comes with Lambda, or along (annotated-types, a
file); the jobs install what their image lacks.
"""

import json
from importlib import resources
from typing import Any

import customlabels
from customlabels.core import archives

_SHARED = (
    "core/__init__.py",
    "core/aws.py",
    "core/errors.py",
    "core/parameters.py",
    "core/s3.py",
    "core/settings.py",
    "core/waiting.py",
    "pipelines/__init__.py",
    "pipelines/champion.py",
    "pipelines/evaluation.py",
    "pipelines/gate.py",
    "pipelines/project.py",
    "pipelines/snapshot.py",
    "pipelines/versions.py",
    "pipelines/sagemaker/__init__.py",
    "pipelines/sagemaker/registry.py",
)
_FUNCTIONS = (
    "pipelines/sagemaker/functions/__init__.py",
    "pipelines/sagemaker/functions/handlers.py",
    "pipelines/sagemaker/functions/judging.py",
    "pipelines/sagemaker/functions/training.py",
)
_JOBS = (
    "core/console.py",
    "core/files.py",
    "core/prices.py",
    "core/threads.py",
    "core/thresholds.py",
    "datasets/__init__.py",
    "datasets/files.py",
    "datasets/formats/__init__.py",
    "datasets/formats/folder.py",
    "datasets/headers.py",
    "datasets/layout.py",
    "datasets/limits.py",
    "datasets/model.py",
    "datasets/probe.py",
    "datasets/split.py",
    "manifests/__init__.py",
    "manifests/boxes.py",
    "manifests/codes.py",
    "manifests/entries.py",
    "manifests/faults.py",
    "manifests/files.py",
    "manifests/layout.py",
    "manifests/lines.py",
    "manifests/rewriting.py",
    "manifests/validation.py",
    "pipelines/bucket.py",
    "pipelines/comparison.py",
    "pipelines/failure.py",
    "pipelines/lineage.py",
    "pipelines/metrics.py",
    "pipelines/plan.py",
    "pipelines/project_datasets.py",
    "pipelines/remote.py",
    "pipelines/results.py",
    "pipelines/run.py",
    "pipelines/training.py",
    "pipelines/upload.py",
    "pipelines/sagemaker/building.py",
    "pipelines/sagemaker/definition.py",
    "pipelines/sagemaker/processing.py",
)

NEEDED = {
    "annotated_types": "annotated-types",
    "boto3": "boto3",
    "msgspec": "msgspec",
    "numpy": "numpy",
    "orjson": "orjson",
}
"""What the jobs import beside the standard library, and under which name it is installed."""

_MAIN = '''\
"""Runs a processing job; what the image lacks is installed first."""

import importlib.util
import json
import subprocess
import sys
import zipfile

NEEDED = {needed}

if sys.version_info < (3, 11):
    sys.exit("the image has Python older than 3.11: deploy with another --image")
missing = [name for module, name in NEEDED.items() if importlib.util.find_spec(module) is None]
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)

from customlabels.pipelines.sagemaker.processing import main

with zipfile.ZipFile(sys.path[0]) as archive:
    settings = json.loads(archive.read("settings.json"))
sys.exit(main(sys.argv[1:], settings))
'''


def function_zip() -> bytes:
    """The zip of the Lambda functions."""
    files = archives.package_files((*_SHARED, *_FUNCTIONS))
    files["annotated_types/__init__.py"] = resources.files("annotated_types").joinpath("__init__.py").read_bytes()
    return archives.zipped(files)


def processing_zip(settings: dict[str, Any]) -> bytes:
    """The zip of the processing jobs, which `python3` runs as it is.

    Parameters
    ----------
    settings : as `processing.main` takes them
    """
    files = archives.package_files((*_SHARED, *_JOBS))
    # They write it to the tags of what they make.
    files["customlabels/__init__.py"] = f'__version__ = "{customlabels.__version__}"\n'.encode()
    files["__main__.py"] = _MAIN.format(needed=repr(NEEDED)).encode()
    files["settings.json"] = json.dumps(settings, indent=1, sort_keys=True).encode()
    return archives.zipped(files)
