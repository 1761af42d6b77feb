"""customlabels.toml: what a team writes once instead of as flags."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from customlabels.core.errors import SettingsError

FILE_NAME = "customlabels.toml"

NAME_PATTERN = r"^[a-zA-Z0-9_.\-]{1,255}$"
"""Names of projects and versions. Source: botocore's model of Rekognition, shape ProjectName."""

BUCKET_PATTERN = r"^[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]$"


@dataclass(frozen=True)
class Limits:
    """What a value has to keep to, in a form that pydantic asks for where a file is read; None is no limit."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    max_length: int | None = None
    pattern: str | None = None
    """A regular expression that a text has to match."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        limits = {field.name: getattr(self, field.name) for field in fields(self)}
        schema = handler(source)
        # Neither true nor "5" is a number, and nothing is limited by one without end.
        exact = {"int": {"strict": True}, "float": {"strict": True, "allow_inf_nan": False}}.get(schema["type"], {})
        return {**schema, **exact, **{name: limit for name, limit in limits.items() if limit is not None}}


Fraction = Annotated[float, Limits(ge=0, le=1)]


class _Section:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class ProjectSettings(_Section):
    name: Annotated[str, Limits(pattern=NAME_PATTERN)] | None = None
    bucket: Annotated[str, Limits(pattern=BUCKET_PATTERN)] | None = None
    prefix: Annotated[str, Limits(max_length=512)] = "customlabels"
    region: str | None = None
    kms_key: str | None = None
    max_cost: Annotated[float, Limits(gt=0)] | None = None


@dataclass(frozen=True)
class NotifySettings(_Section):
    topic: Annotated[str, Limits(pattern=r"^arn:aws[a-z-]*:sns:.+")] | None = None
    event_bus: str | None = None


@dataclass(frozen=True)
class TrackSettings(_Section):
    to: Literal["mlflow", "none"] = "none"
    uri: str | None = None
    sagemaker: bool = False


@dataclass(frozen=True)
class DatasetSettings(_Section):
    source: str | None = None
    format: str = "auto"
    images: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    label_from: Literal["top", "parent", "path", "name"] = "top"
    label_pattern: str | None = None
    label_rules: tuple[str, ...] = ()
    label_separator: str | None = None
    label_map: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    box_unit: Literal["pixels", "fractions"] | None = None
    masks: str | None = None
    min_area: Annotated[int, Limits(ge=1)] = 9
    category: str | None = None
    lines: Literal["out", "boxes"] = "out"
    attributes: tuple[str, ...] = ()
    allow_unlabelled: bool = False
    test_fraction: Annotated[float, Limits(gt=0, lt=1)] = 0.2
    seed: Annotated[int, Limits()] = 0
    group_by: str | None = None
    texts: str | None = None


@dataclass(frozen=True)
class GateSettings(_Section):
    min_f1: Fraction | None = None
    min_precision: Fraction | None = None
    min_recall: Fraction | None = None
    min_label_f1: Fraction | None = None
    min_label: Mapping[str, str] = field(default_factory=dict)
    min_test_images: Annotated[int, Limits(ge=1)] | None = None
    max_regression: Fraction | None = None
    decide_on: Literal["figure", "interval"] = "figure"


@dataclass(frozen=True)
class WindowSettings(_Section):
    days: str | tuple[str, ...]
    start: str
    stop: str
    units: Annotated[int, Limits(ge=1, le=5)] | None = None
    version: Annotated[str, Limits(pattern=NAME_PATTERN)] = "champion"


@dataclass(frozen=True)
class ScheduleSettings(_Section):
    time_zone: str = "UTC"
    units: Annotated[int, Limits(ge=1, le=5)] = 1
    max_units: Annotated[int, Limits(ge=1, le=5)] | None = None
    warm_up: str | None = None
    idle_stop: str | None = None
    country: str | None = None
    subdivision: str | None = None
    holidays: tuple[date, ...] = ()
    closed: tuple[str, ...] = ()
    monthly_budget: Annotated[float, Limits(gt=0)] | None = None
    orphans: Literal["report", "stop"] = "report"
    notify: tuple[Annotated[str, Limits(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    window: tuple[WindowSettings, ...] = ()


@dataclass(frozen=True)
class DetectSettings(_Section):
    rate: Annotated[float, Limits(gt=0, le=10_000)] = 5.0


@dataclass(frozen=True)
class VideoSettings(_Section):
    topic: Annotated[str, Limits(pattern=r"^arn:aws[a-z-]*:sns:.+")] | None = None
    role: Annotated[str, Limits(pattern=r"^arn:aws[a-z-]*:iam:.+:role/.+")] | None = None
    queue: Annotated[str, Limits(pattern=r"^https?://.+")] | None = None


@dataclass(frozen=True)
class InspectionSettings(_Section):
    source: str | None = None
    frames_to: str | None = None
    frames_every: str = "3s"
    defects: tuple[str, ...] = ()
    thresholds: Mapping[str, Annotated[float, Limits(ge=0, le=100)]] | str = field(default_factory=dict)
    band: Annotated[float, Limits(ge=0, le=50)] = 0.0
    on_defect: Literal["none", "tag", "copy", "move"] = "none"
    defects_to: str | None = None
    deadline: str = "4h"
    keep: str = "90d"
    by: Literal["etag", "sha256"] = "etag"
    workers: Annotated[int, Limits(ge=2, le=1000)] | None = None
    golden: str | None = None
    batch_sources: tuple[str, ...] = ()
    analyzers: tuple[Literal["labels", "properties", "text", "moderation", "faces"], ...] = ()


@dataclass(frozen=True)
class Settings(_Section):
    """The whole file; every key is optional."""

    project: ProjectSettings = ProjectSettings()
    dataset: DatasetSettings = DatasetSettings()
    gate: GateSettings = GateSettings()
    detect: DetectSettings = DetectSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    inspection: InspectionSettings = InspectionSettings()
    video: VideoSettings = VideoSettings()
    notify: NotifySettings = NotifySettings()
    track: TrackSettings = TrackSettings()


def find_settings(folder: Path) -> Path | None:
    """The customlabels.toml of `folder` or of the nearest folder above it; None where there is none."""
    for ancestor in (folder, *folder.parents):
        path = ancestor / FILE_NAME
        # A folder or a link to nothing is said to be that where it is read.
        if os.path.lexists(path):
            return path
    return None


def load_settings(path: Path | None) -> Settings:
    """The settings in `path`, the defaults where it is None.

    Raises
    ------
    SettingsError : the file cannot be read, is no TOML, or holds an unknown key or a value out of range
    """
    if path is None:
        return Settings()
    from pydantic import TypeAdapter, ValidationError

    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return TypeAdapter(Settings).validate_python(tomllib.loads(text))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from error
    except ValidationError as error:
        from customlabels.core.settings_faults import faults_in_words

        faults = faults_in_words(text, Settings, error)
        raise SettingsError(
            f"{path}: {faults[0]}", details=faults[1:], hint="customlabels init DIR writes a commented example"
        ) from error


TEMPLATE = """\
# Settings of customlabels; a flag of the same name wins. Everything is optional. \
Editors check it once you have run: customlabels init --schema > customlabels.schema.json
#:schema ./customlabels.schema.json

[project]
# name = "surface"            # of the Rekognition project; default: the name of the image folder
# bucket = "my-bucket"        # where images, manifests and results go; must be in `region`
# prefix = "customlabels"     # the folder in that bucket
# region = "eu-west-1"        # default: that of your AWS profile
# kms_key = "alias/models"    # encrypts what is uploaded and trained; default: as the bucket has it
# max_cost = 10               # dollars; a training that may cost more is refused

[dataset]
# source = "images"           # what `customlabels train` reads when it is given no folder
# format = "auto"             # folder, csv, coco, yolo …: customlabels dataset formats lists them
# include = ["*.jpg"]         # only images that match one of these
# exclude = ["drafts/*"]      # no image that matches one of these
# label_from = "top"          # folders: top, parent or path; or name, with label_pattern
# label_map = { Crack = "crack", draft = "" }   # renamed; to nothing: left out
# columns = { image = "file", label = "3" }     # CSV: columns by name or number
# test_fraction = 0.2         # part of each label's images kept for testing
# seed = 0                    # another seed, another split
# group_by = 'tile-(\\d+)'      # images in whose path this finds the same text stay on one side; or near-duplicates

[gate]
# min_f1 = 0.8                # exit 3 when the version's F1 is lower
# min_precision = 0.8         # ... or its precision
# min_recall = 0.8            # ... or its recall
# min_label_f1 = 0.6          # ... or the F1 of any label
# min_label = { crack = "0.9:recall" }   # ... or this of that label: "0.8", "0.9:recall", "0.8:f1,0.9:precision"
# min_test_images = 10        # with fewer test images of a label there is not enough evidence
# max_regression = 0.02       # how far F1 may fall behind the champion's on the same test images
# decide_on = "figure"        # on the figure, or on the lower end of its 95 % interval ("interval")

[detect]
# rate = 5                    # images a second that one inference unit of your model takes

[schedule]
# time_zone = "Europe/Berlin"
# units = 1                   # inference units of every window that names none
# max_units = 3               # scaled by load from the window's units up to this
# warm_up = "20m"             # started so long before a window opens; where it is left out, as past starts took
# idle_stop = "45m"           # stopped after so long without a request, until the window ends
# country = "DE"              # no window opens on its public holidays; subdivision = "BE" for those of a state
# holidays = [2026-12-24]     # nor on these days
# closed = ["2026-12-24/2027-01-02"]   # nor from the first to the last of these
# monthly_budget = 500        # dollars; once spent, everything is stopped
# orphans = "report"          # running versions that customlabels trained in projects without a schedule; or "stop"
# notify = ["me@example.com"] # told by mail of each action and each trouble; SNS asks each address first

# [[schedule.window]]
# days = "mon-fri"            # mon, sat-sun, daily, 2026-12-05, or a list of them
# start = "06:00"
# stop = "22:00"              # over midnight where it is not after the start
# units = 2
# version = "champion"        # or the name of a version

[inspection]
# source = "s3://line-1/images/"   # whatever arrives there is inspected by the champion
# defects = ["crack", "dent"]      # labels that make an image a defect
# thresholds = { crack = 62.5 }    # 0 to 100, or a file of `versions thresholds`; default: the assumed ones
# band = 5                         # nearer than this to its threshold, an image is unsure
# on_defect = "tag"                # done with a defect's object; copy and move take defects_to = "s3://line-1/bad/"
# deadline = "4h"                  # how long an image may wait; the model is started as late as that lets
# keep = "90d"                     # how long results are kept
# by = "etag"                      # images are known by ETag and size; "sha256" where equal bytes have several ETags
# analyzers = ["text"]             # beside the champion: labels, properties, text, moderation, faces; each costs
# workers = 3                      # functions at once; default: as many as keep the model's units busy
# golden = "golden"                # labelled images that the model has to get right, shown to it every hour
# batch_sources = ["s3://archive/parts/"]  # folders beside source whose images customlabels batch may look at

[video]
# topic = "arn:aws:sns:eu-west-1:111122223333:AmazonRekognition-videos"   # Rekognition tells it of a video's end
# role = "arn:aws:iam::111122223333:role/rekognition-tells"               # as that role
# queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/videos"       # hears the topic; else it is asked for

[notify]
# topic = "arn:aws:sns:eu-west-1:111122223333:models"   # told when a version is trained, passes, fails, is promoted
# event_bus = "default"       # gets the same as events; source "customlabels"

[track]
# to = "mlflow"               # `train` logs each version there; promote and rollback move its model's alias "champion"
# uri = "https://mlflow.example.com"   # MLFLOW_TRACKING_URI wins; keep passwords there, or in MLFLOW_TRACKING_PASSWORD
# sagemaker = true            # promote and rollback approve and reject model packages in the group customlabels-NAME
"""

_WORDS = {
    "dataset.format": "how the images are laid out: folder, csv, coco, yolo …; customlabels dataset formats lists them",
    "dataset.images": "the folder that the images lie below, where the annotations lie elsewhere",
    "dataset.label_from": "folders: the label is the first folder (top), the one right above the image (parent), or "
    "all joined (path); or the image's name tells it (name), with label_pattern",
    "dataset.label_pattern": 'with label_from = "name": its first group finds the label in an image\'s name',
    "dataset.label_rules": "CSV: a label for rows in which it holds, as in 'defect: probability >= 0.5'; LABEL alone, "
    "where all boxes are of one kind and nothing names it",
    "dataset.label_separator": 'between labels in a cell of a CSV, or between the folders of label_from = "path"',
    "dataset.label_map": "a label renamed; to nothing: left out",
    "dataset.columns": "CSV: which column, by name or number, is image, label, xmin, ymin, xmax, ymax, left, top, "
    "box_width, box_height, xcenter, ycenter, bbox or corners (four numbers in a cell), runs, width, height, side or "
    "group; formats whose labels have names of their own: label",
    "dataset.delimiter": "CSV: between cells; default: as the file looks",
    "dataset.encoding": "CSV: of its text; default: as the file looks",
    "dataset.box_unit": "CSV: of boxes; default: as the first rows look",
    "dataset.masks": "the folder that masks lie in, if not beside the images",
    "dataset.min_area": "masks: pixels of the smallest spot that becomes a box",
    "dataset.category": "of several kinds of parts in a download, as in MVTec AD, each with a split of its own, the "
    "one to read",
    "dataset.lines": "CVAT, Labelme, Label Studio: lines are left out, or the rectangle around each is a box",
    "dataset.attributes": "manifests: the attributes that are used; default: all but those that a later job superseded",
    "dataset.allow_unlabelled": "keep images that no label and no box marks; a training ignores them",
    "dataset.group_by": "images in whose path this finds the same text stay on one side of the split; "
    "text:REGEX finds it in what is written in the pictures, which `texts` tells; near-duplicates: images that look "
    "nearly the same do",
    "dataset.texts": "with group_by = 'text:REGEX': the file in which `customlabels detect --with text --no-model --to "
    "FILE.jsonl` wrote what it read in the images",
    "inspection.defects_to": 'with on_defect = "copy" or "move": the folder, as in s3://line-1/bad/; outside the '
    "source, since each copy would be inspected again",
    "inspection.frames_to": 'with source = "kvs:STREAM": the folder in S3 to which that stream of Kinesis Video writes '
    "images, each of which is inspected",
    "inspection.frames_every": 'with source = "kvs:STREAM": from one image to the next',
    "schedule.subdivision": "the state or province of `country`, whose public holidays differ",
    "schedule.time_zone": "of the windows' times, as the IANA database names it",
    "schedule.window.start": "when the model has to be RUNNING, by the zone's clock",
    "schedule.window.units": "inference units of this window; default: those of [schedule]",
}
"""What the keys mean that the commented file leaves out, or explains by their example alone."""

_SECTION = re.compile(r"(?:# )?\[+([\w.]+)\]+")
_KEY = re.compile(r"# (\w+) = (.*?)(?:\s+# (.+))?")


@cache
def explanations() -> dict[str, tuple[str, str]]:
    """Example and meaning of each key by its name in the file, for the reference and for the help of flags."""
    meanings, section = {key: ("", words) for key, words in _WORDS.items()}, ""
    for line in TEMPLATE.splitlines():
        if heading := _SECTION.fullmatch(line):
            section = heading[1]
        elif key := _KEY.fullmatch(line):
            name = f"{section}.{key[1]}"
            if meaning := _WORDS.get(name, key[3] or ""):
                meanings[name] = (key[2], meaning)
    return meanings
