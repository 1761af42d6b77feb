"""What an object's tags say is seen in it: nothing here looks at images for what they show.

A tag of an S3 object has at most 256 letters, digits, spaces and + - = . _ : / @, so that what is seen is written
`Person:98.5:0.1:0.2:0.3:0.4/Forklift:90`: name, confidence in 0..100, and left, top, width and height in fractions of
the sides, where it has a box. An empty tag says that nothing is seen.
"""

from typing import NamedTuple

from customlabels.emulator.server.refusals import Refusal, invalid_parameter

PREFIX = "rekognition-"
_SAME = ", be it the image itself or one of the same bytes"


class Scripted(NamedTuple):
    """Something that is seen: its name, confidence in 0..100, and box (left, top, width, height) where it has one."""

    name: str
    confidence: float
    box: tuple[float, float, float, float] | None = None


def script(kind: str, tags: dict[str, str] | None) -> list[Scripted]:
    """What is seen of a kind (labels, text, moderation, faces), the surest first.

    Parameters
    ----------
    tags : of the object; None where the image was sent, and has none

    Raises
    ------
    Refusal : nothing says what is seen, or says it wrongly
    """
    tag = f"{PREFIX}{kind}"
    if tags is None or tag not in tags:
        raise Refusal(
            "UnknownOperationException",
            f"The local service sees no {kind} in images by itself; it answers what the tag {tag} of an object in S3 "
            f"says{_SAME if kind == 'faces' else ''}, as in {_form(kind)}.",
        )
    seen = [_scripted(tag, part.strip(), kind) for part in tags[tag].split("/") if part.strip()]
    return sorted(seen, key=lambda thing: -thing.confidence)


def _form(kind: str) -> str:
    return "99:0.1:0.2:0.3:0.4" if kind == "faces" else "Name:98.5/Other:90:0.1:0.2:0.3:0.4"


def _scripted(tag: str, part: str, kind: str) -> Scripted:
    words = part.split(":")
    if kind == "faces":
        # A face has no name.
        words = ["Face", *words]
    try:
        name, confidence, *sides = words
        numbers = [float(number) for number in (confidence, *sides)]
        inside = 0 <= numbers[0] <= 100 and all(0 <= side <= 1 for side in numbers[1:])
        if not name or len(sides) not in ((4,) if kind == "faces" else (0, 4)) or not inside:
            raise ValueError
    except ValueError as error:
        raise invalid_parameter(f"The tag {tag} says {part!r}, which is not of the form {_form(kind)}.") from error
    return Scripted(name, numbers[0], tuple(numbers[1:]) if sides else None)  # type: ignore[arg-type] # of four
