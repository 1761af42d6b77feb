"""`customlabels --help` beside Python itself and beside the AWS CLI: python benchmarks/startup.py

In an environment that holds the wheel and what it asks for, as people have it: where the tools of development are
installed, Python itself takes longer to start, which flatters.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import AGAINST, compare, customlabels, peer

ROUNDS = 21
ROOT = Path(__file__).parents[1]


def installed(folder: Path) -> Path:
    """The `bin` folder of an environment with the package as it is installed, not as it lies here."""
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
    else:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, str(ROOT)], check=True)
    return folder / "bin"


def main() -> None:
    if os.environ.get(AGAINST):
        # Revisions are compared in environments that are alike.
        compare("customlabels --help", customlabels("--help"), {}, ROUNDS)
        return
    with tempfile.TemporaryDirectory() as folder:
        bin_ = installed(Path(folder) / "environment")
        peers = {"python -c pass": [str(bin_ / "python"), "-c", "pass"], "aws --version": peer("aws", "--version")}
        compare("customlabels --help", [str(bin_ / "customlabels"), "--help"], peers, ROUNDS)


if __name__ == "__main__":
    main()
