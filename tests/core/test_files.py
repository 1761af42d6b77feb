from pathlib import Path

import pytest

from customlabels.core.files import written_aside


def test_the_file_appears_whole(tmp_path: Path) -> None:
    with written_aside(tmp_path / "new" / "a.txt") as file:
        file.write(b"one")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"one"


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")

    def fail() -> None:
        with written_aside(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
