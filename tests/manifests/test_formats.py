"""What a person asks of a format that it cannot give."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import pytest
from support import annotated_files, tool_files
from support.drawing import drawn

from customlabels.core.errors import SettingsError
from customlabels.core.settings import DatasetSettings
from customlabels.core.watching import UNWATCHED
from customlabels.datasets.conversion import convert
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset
from customlabels.datasets.reading import Policy
from customlabels.manifests.building import Remote, remote_dataset
from customlabels.manifests.formats import FORMATS, find_format, load_dataset, untaken
from customlabels.pipelines.training.sources import group_of

UNTAKEN: dict[str, tuple[str, Options, list[str]]] = {
    "nothing given": ("coco", Options(), []),
    "a table's options of no table": (
        "coco",
        Options(label_rules=("ok",), delimiter=";", encoding="utf-8", columns={"label": "name"}),
        ["--label-rule", "--delimiter", "--encoding", "--column label=…"],
    ),
    "folders": ("coco", Options(label_from="parent"), ["--label-from"]),
    "a unit": ("createml", Options(fractions=True), ["--box-unit"]),
    "masks and attributes of a table": (
        "csv",
        Options(attributes=("x",), masks=Path("m"), min_area=4),
        ["--masks", "--attribute"],
    ),
    "images elsewhere, of folders": ("folder", Options(images=Path("photos")), ["--images"]),
    "images elsewhere": ("coco", Options(images=Path("photos")), []),
    "a pattern of names, of masks": ("masks", Options(label_pattern="x"), ["--label-pattern"]),
    "an attribute that VIA has": ("via", Options(columns={"label": "defect"}, label_rules=("ok",)), []),
    "a project that it has not": ("via", Options(columns={"project": "x"}), ["--column project=…"]),
    "lines": ("coco", Options(lines="boxes"), ["--lines"]),
    "lines that it has": ("cvat", Options(lines="boxes"), []),
}


@pytest.mark.parametrize(("name", "options", "flags"), UNTAKEN.values(), ids=UNTAKEN.keys())
def test_options_that_a_format_does_not_take_are_named(name: str, options: Options, flags: list[str]) -> None:
    assert untaken(FORMATS[name], options) == flags


def parts(folder: Path) -> Path:
    for number in range(2):
        drawn(0, number, 64).save(folder / f"{number}.jpg")
    source = folder / "parts.csv"
    source.write_text("image,label,lot\n0.jpg,ok,7\n1.jpg,crack,7\n")
    return source


def test_groups_that_nothing_tells_are_refused(tmp_path: Path) -> None:
    source = parts(tmp_path)
    with pytest.raises(SettingsError, match="which tells no groups"):
        find_format("coco", source, Options(columns={"group": "lot"}))
    dataset = load_dataset(source, "csv", Options(columns={"group": "lot"}))
    assert {record.group for record in dataset.records} == {"7"}
    with pytest.raises(SettingsError, match="finds nothing in any image's name"):
        group_of(DatasetSettings(group_by="lot-([0-9]+)"), dataset, UNWATCHED)
    group = group_of(DatasetSettings(group_by="^0"), dataset, UNWATCHED)
    assert [group(record) for record in dataset.records] == ["group 0", "1.jpg"]


def test_labels_that_nothing_has_are_not_renamed_without_a_word(tmp_path: Path) -> None:
    source, names = parts(tmp_path), {"crak": "Crack", "ok": "OK"}
    here = load_dataset(source, "csv", Options(), Policy(label_map=names))
    remote = remote_dataset(source, FORMATS["csv"], Options(), Remote("s3://plant-7/", label_map=names))

    def told(dataset: Dataset) -> list[str]:
        return [finding.message for finding in dataset.findings if finding.name == "labels"]

    assert told(here) == told(remote) == ["--label-map crak=…: no image has that label"]


class Watched(Options):
    """Options that tell which of them were asked for, and which roles of columns."""

    asked: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> object:
        Watched.asked.add(name)
        return super().__getattribute__(name)


class Roles(dict[str, str]):
    def get(self, role: str, default: object = None) -> Any:
        Watched.asked.add(f"--column {role}")
        return super().get(role, default)

    def __contains__(self, role: object) -> bool:
        return self.get(str(role)) is not None


def folders(root: Path, marks: object) -> Path:
    drawn(0, 0, 64).save(written_below(root / "crack" / "a.png"))
    return root


def written_below(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


WRITERS: dict[str, Callable[[Path, dict[str, list[str]]], Path]] = {
    "folder": folders,
    **{
        name.removeprefix("write_").replace("_", "-"): write
        for module in (annotated_files, tool_files)
        for name, write in vars(module).items()
        if name.startswith("write_")
    },
}


def converted(name: str) -> Callable[[Path, dict[str, list[str]]], Path]:
    def write(root: Path, marks: dict[str, list[str]]) -> Path:
        convert(load_dataset(tool_files.write_csv(root / "in", marks)), FORMATS[name], root / "out")
        return root / "out"

    return write


WRITERS |= {name: converted(name) for name in FORMATS if name not in WRITERS}


@pytest.mark.parametrize("name", WRITERS)
def test_a_format_takes_the_options_that_its_reader_asks_for(tmp_path: Path, name: str) -> None:
    format = FORMATS[name]
    source = WRITERS[name](tmp_path, {"a": ["valid"]})
    Watched.asked.clear()
    for label_from in ("top", "name") if "label_pattern" in format.takes else ("top",):
        layout = format.read(source, Watched(columns=Roles(), label_from=label_from, label_pattern="."))
        assert list(layout.images)
    every = {field.name for field in fields(Options)} - {"include", "exclude", "convertible", "columns", "fetch"}
    assert Watched.asked & every == format.takes
    if name != "csv":
        assert {role for role in Watched.asked if role.startswith("--column")} == {
            f"--column {role}" for role in format.roles
        }
