"""What is known of a table's columns so far."""

from dataclasses import dataclass, field

from customlabels.datasets.formats.csv_cells import is_number, shapes_of
from customlabels.datasets.formats.csv_kinds import Kind
from customlabels.datasets.formats.csv_names import GEOMETRIES
from customlabels.datasets.formats.csv_rules import PlacedRule


@dataclass(slots=True)
class Columns:
    """What was found out of a table.

    Parameters
    ----------
    headed : cells of the header
    cells : of the first rows, a list a column
    """

    header: bool
    headed: int
    names: tuple[str, ...]
    cells: list[list[str]]
    kinds: list[Kind]
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    label_rest: int | None = None
    numbers_are_labels: bool = True
    corners: bool = False
    rules: tuple[PlacedRule, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def free(self) -> list[int]:
        """Places that have no role yet."""
        used = {place for places in self.places.values() for place in places}
        used |= {place for rule in self.rules for place, *_ in rule.conditions}
        return [place for place in range(len(self.names)) if place not in used]

    @property
    def heading(self) -> tuple[str, ...]:
        """The names in the header, without what longer rows have beyond it."""
        return self.names[: self.headed]

    @property
    def geometry(self) -> tuple[str, ...] | None:
        """The four roles of coordinates that are all there."""
        return next((roles for roles in GEOMETRIES if all(role in self.places for role in roles)), None)

    @property
    def coordinates(self) -> list[float]:
        """The coordinates in the first rows."""
        cells = [cell for role in self.geometry or () for cell in self.cells[self.places[role][0]]]
        numbers = [float(cell) for cell in cells if is_number(cell)]
        for role in ("bbox", "corners"):
            for place in self.places.get(role, ()):
                numbers += [number for cell in self.cells[place] for shape in shapes_of(cell) or () for number in shape]
        return numbers

    @property
    def label_cells(self) -> list[str]:
        places = (
            range(self.label_rest, len(self.names)) if self.label_rest is not None else self.places.get("label", ())
        )
        return [cell for place in places for cell in self.cells[place]]

    def listed(self, places: list[int] | None = None) -> str:
        return ", ".join(map(self.titled, range(len(self.names)) if places is None else places))

    def titled(self, place: int) -> str:
        """A column as messages name it."""
        return repr(self.names[place]) if self.header else f"column {place + 1}"
