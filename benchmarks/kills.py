"""A run of `customlabels train` killed right after every single call, and run again: python benchmarks/kills.py

The calls are found by watching a run that nothing disturbs. Every second run has to end like that one: one project, one
training, the same objects.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from support.drawing import draw
from support.kills import calls_of, end, killed_after, with_credentials
from support.local_services import QUICK, connect
from support.shells import Shell

from customlabels.aws.clients import LOCAL_BUCKET
from customlabels.emulator.server import address

WORDS = ["train", "photos", "-q", "--output", "json"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shell = with_credentials(Shell(Path(folder)))
        address.start(shell.state, QUICK)
        try:
            draw(shell.folder / "photos", {"across": 4, "down": 4})
            service = connect(shell.state)
            service.s3.create_bucket(Bucket=LOCAL_BUCKET)
            calls = calls_of(shell, WORDS, "calm")
            wanted = end(shell, "calm", service.s3, service.rekognition)
            struck = 0
            for number, what in enumerate(calls, 1):
                project = f"k{number}"
                struck += killed_after(shell, WORDS, project, number)
                shell.run(*WORDS, "--local", "--project", project)
                left = end(shell, project, service.s3, service.rekognition)
                assert left == wanted, (number, what, left, wanted)
        finally:
            address.stop(shell.state)
    figure = f"the same end as undisturbed each time; {struck} times it was still running"
    note(Row("train killed after each of its calls, and run again", figure=figure, runs=len(calls)))


if __name__ == "__main__":
    main()
