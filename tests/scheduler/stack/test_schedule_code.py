import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import customlabels
from customlabels.core.errors import SettingsError
from customlabels.scheduler.stack.schedule_code import function_zip

PROBE = """
import sys
sys.path.insert(0, sys.argv[1])
FOREIGN = {"click", "pydantic", "pandas", "jinja2", "moto", "numpy", "rich", "tzdata", "holidays", "msgspec"}
class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FOREIGN:
            raise ImportError(name)
sys.meta_path.insert(0, Forbid())
import zoneinfo
zoneinfo.reset_tzpath([])
from customlabels.scheduler.functions import handlers as functions
assert functions.__file__.startswith(sys.argv[1]), functions.__file__
assert all(callable(getattr(functions, name)) for name in ("start", "stop", "sweep"))
print(zoneinfo.ZoneInfo("America/Santiago").key)
"""


def test_the_zip_is_small_whole_and_the_same_each_time(tmp_path: Path) -> None:
    body = function_zip("America/Santiago")
    assert body == function_zip("America/Santiago")
    assert len(body) < 55_000
    zipfile.ZipFile(io.BytesIO(body)).extractall(tmp_path)
    # -P and no site of the checkout: what is imported comes from the zip, or from boto3.
    ran = subprocess.run([sys.executable, "-P", "-c", PROBE, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "America/Santiago\n"), ran.stderr


def test_another_version_of_the_toolkit_with_the_same_functions_is_the_same_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = function_zip("UTC")
    monkeypatch.setattr(customlabels, "__version__", "99.0", raising=False)
    assert function_zip("UTC") == before


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="Mars/X"):
        function_zip("Mars/X")
