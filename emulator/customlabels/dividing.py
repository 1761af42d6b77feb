"""A fifth of a dataset's entries chosen for testing, labels kept in balance.

Source: Custom Labels developer guide, md-distributing-datasets.md: 20 %; how few images are too few is inferred.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from customlabels.manifests.entries import Entry

SHARE = 0.2
_LEAST = 2
"""Images that a label needs to be on both sides."""


def chosen_for_test(entries: Sequence[Entry]) -> set[int] | None:
    """Places of the entries that go to the test set; None where a label has too few images to be divided.

    Labels are seen to in turn, the rarest first; of each as near to SHARE as entries with several labels allow, at
    least one and never all. Unlabelled entries stay.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        for label in dict.fromkeys((*entry.labels, *entry.boxes)):
            members[label].append(position)
    if not members or min(map(len, members.values())) < _LEAST:
        return None
    chosen: set[int] = set()
    left = Counter({label: len(places) for label, places in members.items()})
    for _, places in sorted(members.items(), key=lambda item: (len(item[1]), item[0])):
        wanted = max(1, round(SHARE * len(places)))
        have = sum(position in chosen for position in places)
        for position in sorted(places, key=lambda position: _rank(entries[position])):
            labels = {*entries[position].labels, *entries[position].boxes}
            if have >= wanted:
                break
            if position not in chosen and all(left[label] > 1 for label in labels):
                chosen.add(position)
                have += 1
                left.subtract(labels)
    return chosen if all(any(position in chosen for position in places) for places in members.values()) else None


def _rank(entry: Entry) -> bytes:
    return hashlib.blake2b(str(entry.source_ref).encode(), digest_size=8).digest()
