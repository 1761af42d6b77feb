"""A fault in a manifest, and where it stands."""

from typing import NamedTuple

from customlabels.manifests.codes import message

LINE, VALUE, METADATA, BOX, PART, BOTH = "line", "attribute", "metadata", "box", "part", "both"
"""Places: the line, the attribute's value, its metadata, one of its boxes; a whole manifest, or both together."""


class Fault(NamedTuple):
    """The service's code, its place, the attribute it is about, and which of its boxes (counted from 0)."""

    code: str
    place: str
    attribute: str = ""
    box: int = -1

    @property
    def is_warning(self) -> bool:
        return self.code.startswith("WARNING")

    @property
    def message(self) -> str:
        return message(self.code, self.attribute)

    @property
    def described(self) -> dict[str, str]:
        """Code and message, as the service writes faults."""
        return {"code": self.code, "message": self.message}
