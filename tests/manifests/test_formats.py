"""What a person asks of a format that it cannot give."""

from pathlib import Path

import pytest
from support.drawing import drawn

from customlabels.core.errors import SettingsError
from customlabels.core.settings import DatasetSettings
from customlabels.core.watching import UNWATCHED
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
