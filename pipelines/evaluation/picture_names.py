"""Names of test images as a person tells them apart: the file's, with as many folders as that takes."""

from collections import Counter
from collections.abc import Iterable


def short_names(addresses: Iterable[str]) -> dict[str, str]:
    """Of each address its end, from a folder on where other addresses end alike.

    >>> short_names(["s3://b/a/ok/1.jpg", "s3://b/a/crack/1.jpg", "s3://b/a/ok/2.jpg"])
    {'s3://b/a/ok/1.jpg': 'ok/1.jpg', 's3://b/a/crack/1.jpg': 'crack/1.jpg', 's3://b/a/ok/2.jpg': '2.jpg'}
    """
    parts = {address: address.split("/") for address in addresses}
    depths = dict.fromkeys(parts, 1)
    while True:
        names = {address: "/".join(parts[address][-depth:]) for address, depth in depths.items()}
        times = Counter(names.values())
        alike = [
            address for address, name in names.items() if times[name] > 1 and depths[address] < len(parts[address])
        ]
        if not alike:
            return names
        for address in alike:
            depths[address] += 1
