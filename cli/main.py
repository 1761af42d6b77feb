"""Where the command begins."""

import os
import sys

from customlabels.cli.overview import columns, overview

_LAST_STREAM = 2


def main() -> None:
    """Runs the command and exits with its code."""
    _open_streams()
    completing = "_CUSTOMLABELS_COMPLETE" in os.environ
    if not completing and sys.argv[1:] in ([], ["--help"], ["-h"]):
        try:
            print(overview(columns(sys.stdout)), flush=True)
        except BrokenPipeError:
            # Whoever reads has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            print(f"error: the system: {error.strerror}", file=sys.stderr)
            sys.exit(1)
        sys.exit(0)
    try:
        from customlabels.cli.group import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # It may come before the command, while it is still being imported.
        print("stopped; run the same command again to go on", file=sys.stderr)
        code = 130
    sys.exit(code)


def _open_streams() -> None:
    """Has the standard streams open that whoever started this closed: else the next file would be one of them."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STREAM:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - open as long as the process
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the process
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115 - open as long as the process


if __name__ == "__main__":
    main()
