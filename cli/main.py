"""Where the command begins."""

import os
import sys

from customlabels.cli.overview import overview


def main() -> None:
    """Runs the command and exits with its code."""
    completing = "_CUSTOMLABELS_COMPLETE" in os.environ
    if not completing and sys.argv[1:] in ([], ["--help"], ["-h"]):
        try:
            print(overview(), flush=True)
        except BrokenPipeError:
            # Whoever reads has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    from customlabels.cli.group import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
