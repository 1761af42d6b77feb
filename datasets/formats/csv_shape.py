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
    blank : columns that are not read and hold nothing, by number from 0
    roles : the columns of each role, by number from 0
    """

    header: bool
    headed: int
    names: tuple[str, ...]
    cells: list[list[str]]
    kinds: list[Kind]
    blank: tuple[int, ...] = ()
    roles: dict[str, tuple[int, ...]] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    label_rest: int | None = None
    numbers_are_labels: bool = True
    corners: bool = False
    rules: tuple[PlacedRule, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def free(self) -> list[int]:
        """Columns that have no role yet, by number from 0."""
        used = {column for columns in self.roles.values() for column in columns}
        used |= {column for rule in self.rules for column, *_ in rule.conditions}
        return [column for column in range(len(self.names)) if column not in used]

    @property
    def heading(self) -> tuple[str, ...]:
        """The names in the header, without what longer rows have beyond it."""
        return self.names[: self.headed]

    @property
    def geometry(self) -> tuple[str, ...] | None:
        """The four roles of coordinates that are all there."""
        return next((roles for roles in GEOMETRIES if all(role in self.roles for role in roles)), None)

    @property
    def coordinates(self) -> list[float]:
        """The coordinates in the first rows."""
        cells = [cell for role in self.geometry or () for cell in self.cells[self.roles[role][0]]]
        numbers = [float(cell) for cell in cells if is_number(cell)]
        for role in ("bbox", "corners"):
            for column in self.roles.get(role, ()):
                numbers += [
                    number for cell in self.cells[column] for shape in shapes_of(cell) or () for number in shape
                ]
        return numbers

    @property
    def label_cells(self) -> list[str]:
        columns = (
            range(self.label_rest, len(self.names)) if self.label_rest is not None else self.roles.get("label", ())
        )
        return [cell for column in columns for cell in self.cells[column]]

    def listed(self, columns: list[int] | None = None) -> str:
        return ", ".join(map(self.titled, range(len(self.names)) if columns is None else columns))

    def titled(self, column: int) -> str:
        """A column as messages name it."""
        return repr(self.names[column]) if self.header else f"column {column + 1}"
