"""Random sequences of lost, doubled, late and reordered events, and failing calls, against a deployed stack.

python benchmarks/chaos.py [SEQUENCES [SEED]]. After each, no unit may be up without a reason, and no wanted model down
longer than one sweep and its start.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from rows import Row, note
from support.chaos import PACE, chaos, sequence
from support.uptime_stack import deployed

SEQUENCES, SEED = 500, 1


def main(sequences: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder, deployed(Path(folder), PACE) as (_, service):
        began = time.monotonic()
        with chaos(service, "surface", seed) as made:
            for number in range(sequences):
                try:
                    sequence(made)
                except AssertionError as error:
                    raise SystemExit(f"sequence {number} of seed {seed}: {error}") from error
        took = time.monotonic() - began
    figure = (
        f"all as the schedule has it after each; {made.delivered:,} events delivered, {made.lost:,} lost, "
        f"{made.spoiled:,} of {made.calls:,} calls spoiled"
    )
    print(f"{took:.0f} s")
    note(Row(f"lost, doubled, late events and failing calls, seed {seed}", figure=figure, runs=sequences))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]), *(SEQUENCES, SEED)[len(sys.argv) - 1 :])
