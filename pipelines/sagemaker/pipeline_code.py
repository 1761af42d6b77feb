"""The code that is deployed: a zip for the Lambda functions, another for the processing jobs.

Both hold this package's modules. What the functions import besides comes with Lambda; the jobs install what their
image lacks.
"""

import json
from typing import Any

import customlabels
from customlabels.aws.stacks.archives import zipped
from customlabels.aws.stacks.packaging import functions_zip, package_files

HANDLERS = "customlabels.pipelines.sagemaker.functions.handlers"
PROCESSING = "customlabels.pipelines.sagemaker.processing"

NEEDED = {
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
    return functions_zip(HANDLERS)


def processing_zip(settings: dict[str, Any]) -> bytes:
    """The zip of the processing jobs, which `python3` runs as it is.

    Parameters
    ----------
    settings : as `processing.main` takes them
    """
    files = package_files([PROCESSING])
    # They write it to the tags of what they make.
    files["customlabels/__init__.py"] = f'__version__ = "{customlabels.__version__}"\n'.encode()
    files["__main__.py"] = _MAIN.format(needed=repr(NEEDED)).encode()
    files["settings.json"] = json.dumps(settings, indent=1, sort_keys=True).encode()
    return zipped(files)
