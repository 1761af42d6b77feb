"""Where the command begins."""

import os
import sys

from customlabels.cli.overview import columns, overview


def main() -> None:
    """Runs the command and exits with its code."""
    completing = "_CUSTOMLABELS_COMPLETE" in os.environ
    if not completing and sys.argv[1:] in ([], ["--help"], ["-h"]):
        try:
            print(overview(columns(sys.stdout)), flush=True)
        except BrokenPipeError:
            # Whoever reads has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    try:
        from customlabels.cli.group import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # It may come before the command, while it is still being imported.
        print("stopped; run the same command again to go on", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
