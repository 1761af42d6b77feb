"""What the package offers, and that asking for one thing does not bring in the rest."""

import subprocess
import sys

import customlabels


def test_every_public_name_is_there_and_documented() -> None:
    named = [name for names in customlabels._PUBLIC.values() for name in names]
    assert sorted(named) == customlabels.__all__
    for name in customlabels.__all__:
        assert getattr(customlabels, name).__doc__, name
    assert set(customlabels.__all__) < set(dir(customlabels))


def test_the_package_itself_imports_nothing() -> None:
    heavy = "('customlabels.', 'boto', 'numpy')"
    code = f"import sys, customlabels; print([name for name in sys.modules if name.startswith({heavy})])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_version_is_that_of_the_distribution() -> None:
    assert customlabels.__version__[0].isdigit()
