"""Results that are tables: sequences of frozen rows, shown as a table in a notebook, and a DataFrame where wanted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    import pandas
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


class Table(Sequence[Row], Generic[Row]):
    """Rows of one dataclass, in order.

    Parameters
    ----------
    row_type : gives the columns, also where there is no row; a field whose metadata say `column` is false is none
    """

    def __init__(self, row_type: type[Row], rows: Iterable[Row]) -> None:
        self._columns = tuple(field.name for field in fields(row_type) if field.metadata.get("column", True))
        self._rows = tuple(rows)

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    def documents(self) -> list[dict[str, Any]]:
        """A dict a row, as JSON has it."""
        return [{name: getattr(row, name) for name in self._columns} for row in self._rows]

    def to_pandas(self) -> "pandas.DataFrame":
        """The rows as a DataFrame; pandas has to be installed.

        Raises
        ------
        ImportError : it is not
        """
        import pandas

        return pandas.DataFrame(self.documents(), columns=list(self._columns))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in self._columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(getattr(row, name)))}</td>" for name in self._columns) + "</tr>"
            for row in self._rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {', '.join(self._columns)}>"


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
