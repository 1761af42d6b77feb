"""A table fits a terminal without breaking a word; a pipe gets all of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.text_tables import lay_out

WORDS = st.text("abcdef-é日", min_size=1, max_size=20)
CELLS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
COLUMNS = ("version", "status", "message")
TABLES = st.lists(st.tuples(WORDS, WORDS, CELLS), max_size=5)
LEFT = (False, False, False)


def words(lines: tuple[str, ...]) -> set[str]:
    return {word for line in lines for word in line.split()}


@given(TABLES, st.none() | st.integers(1, 200))
def test_no_word_is_broken(rows: list[tuple[str, str, str]], width: int | None) -> None:
    laid = lay_out(COLUMNS, rows, right=LEFT, width=width)
    kept = [index for index, name in enumerate(COLUMNS) if name not in laid.left_out]
    for row in [COLUMNS, *rows]:
        assert words(laid.lines) >= {word for index in kept for word in row[index].split()}


@given(TABLES)
def test_a_pipe_gets_a_line_a_row(rows: list[tuple[str, str, str]]) -> None:
    laid = lay_out(COLUMNS, rows, right=LEFT)
    assert len(laid.lines) == len(rows) + 2
    assert laid.left_out == ()


@given(st.lists(st.tuples(WORDS, WORDS, st.lists(WORDS, max_size=6).map(" ".join)), max_size=5), st.integers(67, 120))
def test_it_is_no_wider_than_the_terminal_where_words_fit(rows: list[tuple[str, str, str]], width: int) -> None:
    # Two cells a character at most, three words side by side, and blanks before and between them.
    from rich.cells import cell_len

    lines = lay_out(COLUMNS, rows, right=LEFT, width=width).lines
    assert max(map(cell_len, lines)) <= width


ROW = ("v-3f9c2a71b0", "TRAINING_FAILED", "the manifest has no valid line")


@pytest.mark.parametrize(
    ("width", "order", "left_out"),
    [
        (80, None, ()),
        (58, None, ()),
        (40, None, ("message",)),
        (40, ("status",), ("status",)),
        (15, ("status", "message"), ("status", "message")),
        (15, (), ()),
        (5, None, ("message", "status")),
    ],
)
def test_columns_give_way_in_the_order_that_is_given(
    width: int, order: tuple[str, ...] | None, left_out: tuple[str, ...]
) -> None:
    laid = lay_out(COLUMNS, [ROW], right=LEFT, width=width, give_way=order)
    assert laid.left_out == left_out
    assert "v-3f9c2a71b0" in words(laid.lines)


def test_figures_stand_below_each_other() -> None:
    assert lay_out(("label", "F1"), [("a", "9.5"), ("crack", "10.5")], right=(False, True)).lines == (
        " label     F1",
        " ────────────",
        " a        9.5",
        " crack   10.5",
    )
