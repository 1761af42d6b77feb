import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import customlabels
from customlabels.pipelines.sagemaker.pipeline_code import NEEDED, function_zip, processing_zip

SETTINGS = {"name": "surface", "dataset": {}}
PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
ALLOWED = set(sys.argv[3:]) | {"customlabels"} | set(sys.stdlib_module_names)
ALLOWED |= {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six", "typing_extensions"}
class Forbid:
    def find_spec(self, name, path=None, target=None):
        # zoneinfo asks how the interpreter was built.
        if name.partition(".")[0] not in ALLOWED and not name.startswith("_sysconfigdata"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Forbid())
import importlib
for name in sys.argv[2].split(","):
    found = importlib.import_module("customlabels.pipelines.sagemaker." + name)
    assert found.__file__.startswith(sys.argv[1]), found.__file__
"""


@pytest.mark.parametrize(
    ("body", "again", "most", "modules", "allowed"),
    [
        (function_zip(), function_zip(), 75_000, "functions.handlers", []),
        (processing_zip(SETTINGS), processing_zip(SETTINGS), 200_000, "processing,build_job", [*NEEDED]),
    ],
    ids=["functions", "jobs"],
)
def test_a_zip_is_small_whole_and_the_same_each_time(
    tmp_path: Path, body: bytes, again: bytes, most: int, modules: str, allowed: list[str]
) -> None:
    assert body == again
    assert len(body) < most
    zipfile.ZipFile(io.BytesIO(body)).extractall(tmp_path)
    # -P and no site of the checkout: what is imported comes from the zip, or is allowed.
    command = [sys.executable, "-P", "-c", PROBE, str(tmp_path), modules, *allowed]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_other_settings_are_other_code() -> None:
    assert processing_zip(SETTINGS) != processing_zip({**SETTINGS, "name": "floor"})


def test_another_version_of_the_toolkit_is_other_code_for_jobs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    functions, jobs = function_zip(), processing_zip(SETTINGS)
    monkeypatch.setattr(customlabels, "__version__", "99.0", raising=False)
    assert function_zip() == functions
    # They write it to the tags of what they make.
    assert processing_zip(SETTINGS) != jobs
