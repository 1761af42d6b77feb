"""Pascal VOC: an XML file an image.

Boxes are read as most tools write them: xmax − xmin is the width.
Source: http://host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf
"""

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from customlabels.core.errors import LayoutError
from customlabels.core.files import written_aside
from customlabels.datasets.boxes import around_turned
from customlabels.datasets.files import Finder, folder_of, is_image, lies_apart, read_bounded, walk
from customlabels.datasets.formats.xml import number, parse
from customlabels.datasets.layout import SUBSETS, Annotated, Format, Layout, Options, below_side, part_called
from customlabels.datasets.model import Box, Dataset, Finding, ImageRecord, Side

ANNOTATIONS, IMAGES, SETS = "Annotations", "JPEGImages", "ImageSets/Main"
_BOTH = "trainval"
_SHOWN = 5
_MAX_BYTES = 20_000_000
_LOOKED_AT = 50
Listed = tuple[str, str]
"""The folder that holds ImageSets/, and the stem that a list there names."""

ANOTHER = "its <filename> is another image that is there too; the image that is called as the XML file is taken"
_ENDINGS = (".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG", ".bmp", ".BMP")


def recognises(source: Path, _: Options) -> bool:
    """A folder with XML files of Pascal VOC in its Annotations/, or among the first ones of its folders."""
    if not source.is_dir():
        return False
    if (source / ANNOTATIONS).is_dir() and any((source / ANNOTATIONS).rglob("*.xml")):
        return True
    first = {name.rpartition("/")[0]: name for name in walk(source) if name.lower().endswith(".xml")}
    return any(_is_annotation(source / name) for name in islice(first.values(), _LOOKED_AT))


def _is_annotation(path: Path) -> bool:
    try:
        return _parsed(path).tag == "annotation"
    except ValueError:
        return False


def _parsed(path: Path) -> ElementTree.Element:
    """The root of an XML file, whose tags may be in a namespace.

    Raises
    ------
    ValueError : it cannot be read, or is no XML
    """
    document = parse(read_bounded(path, _MAX_BYTES))
    if document.tag.startswith("{"):
        for element in document.iter():
            element.tag = element.tag.rpartition("}")[2]
    return document


def read(source: Path, options: Options) -> Layout:
    """The images that the XML files below `source` describe.

    Raises
    ------
    LayoutError : `source` is no folder
    """
    root = folder_of(source, "name the folder that holds Annotations/ and JPEGImages/")
    layout = Layout((options.images or root).resolve(), ())
    layout.images = _images(root, layout)
    return layout


def _images(root: Path, layout: Layout) -> Iterator[Annotated]:
    listed, finder = _listed(root, layout.files), Finder(layout.root)
    subsets, named = {stem: next(iter(parts)) for stem, parts in listed.items()}, set[Listed]()
    for name in walk(root):
        if name.lower().endswith(".xml"):
            layout.files.add(name)
            stem = _listed_as(name, listed)
            named.add(stem)
            if len(parts := listed.get(stem, {})) > 1:
                message = f"is in several parts of the split: {' and '.join(parts.values())}"
                layout.findings.append(Finding(name, message, fatal=True))
                continue
            try:
                yield _image(root, finder, name, subsets, layout.findings)
            except ValueError as error:
                layout.findings.append(Finding(name, str(error), fatal=True))
    for folder in dict.fromkeys(folder for folder, _ in listed):
        if lost := [stem for above, stem in listed if above == folder and (above, stem) not in named]:
            shown = ", ".join(lost[:_SHOWN]) + (", …" if len(lost) > _SHOWN else "")
            message = f"names what has no XML file: {shown}"
            layout.findings.append(Finding(f"{folder}{SETS}", message, fatal=False, count=len(lost)))


def _image(root: Path, finder: Finder, name: str, subsets: dict[Listed, str], findings: list[Finding]) -> Annotated:
    document = _parsed(root / name)
    if document.tag != "annotation":
        raise ValueError(f"no Pascal VOC file: its root is <{document.tag}>")
    boxes, faults, left_out = [], [], []
    for number_of, marked in enumerate(document.iter("object"), 1):
        if (marked.findtext("deleted") or "").strip() == "1":
            left_out.append("deleted objects")
            continue
        left_out += ["parts of objects"] * len(marked.findall("part"))
        try:
            boxes.append(_box(marked))
        except ValueError as error:
            faults.append(Finding(f"{name}, object {number_of}", str(error), fatal=True))
    width, height = document.findtext("size/width"), document.findtext("size/height")
    size = (round(number(width)), round(number(height))) if width and height else None
    subset = subsets.get(_listed_as(name, subsets)) or part_called(*reversed(PurePosixPath(name).parts[:-1]))
    file_name = (document.findtext("filename") or "").strip()
    image = _image_name(name, document, finder, subset)
    if _names_another(file_name, image, finder, subset):
        findings.append(Finding(name, ANOTHER, fatal=False))
    return Annotated(
        image,
        name,
        (),
        tuple(boxes),
        size=size if size and all(size) else None,
        subset=subset,
        faults=tuple(faults),
        left_out=tuple(left_out),
    )


def _names_another(file_name: str, image: str, finder: Finder, subset: str | None) -> bool:
    """Whether the file that an XML file names is there, and is not the image of its own name."""
    if not file_name or PurePosixPath(file_name.replace("\\", "/")).stem == PurePosixPath(image).stem:
        return False
    try:
        return finder.find(file_name, subset) != finder.root / image
    except ValueError:
        return False


def _box(marked: ElementTree.Element) -> Box:
    label = (marked.findtext("name") or "").strip()
    if not label:
        raise ValueError("has no name")
    if marked.find("polygon/pt") is not None:
        raise ValueError("has a polygon of points (<pt>), as LabelMe's web tool writes it, which is not read")
    if len(marked.findall("bndbox")) > 1:
        raise ValueError("has several boxes (<bndbox>)")
    if marked.find("bndbox") is None and marked.find("robndbox") is not None:
        # roLabelImg's turned boxes: centre, sides and angle in radians.
        across, down, width, height, angle = (
            number(marked.findtext(f"robndbox/{key}")) for key in ("cx", "cy", "w", "h", "angle")
        )
        upright = Box(label, across - width / 2, down - height / 2, width, height)
        return around_turned(upright, math.degrees(angle))
    left, top, right, bottom = (number(marked.findtext(f"bndbox/{key}")) for key in ("xmin", "ymin", "xmax", "ymax"))
    return around_turned(Box(label, left, top, right - left, bottom - top), _turn(marked))


def _turn(marked: ElementTree.Element) -> float:
    """By how many degrees CVAT says that a box is turned about its centre; its corners are those before the turn."""
    for attribute in marked.iterfind("attributes/attribute"):
        if (attribute.findtext("name") or "").strip() == "rotation":
            try:
                return number(attribute.findtext("value"))
            except ValueError:
                return 0.0
    return 0.0


def _image_name(name: str, document: ElementTree.Element, finder: Finder, subset: str | None) -> str:
    """The image beside the XML file, or in JPEGImages/ as it is in Annotations/; else what the file says.

    Where nothing is found by what the file says, the XML file's own stem may find it; where several are, the folders
    that it names tell which one it is.
    """
    file_name = (document.findtext("filename") or "").strip()
    stem = name[: -len(".xml")]
    inner = stem.partition(f"{ANNOTATIONS}/")
    folders = [stem, f"{inner[0]}{IMAGES}/{inner[2]}", f"{inner[0]}images/{inner[2]}"] if inner[1] else [stem]
    ending = PurePosixPath(file_name).suffix
    for candidate in folders:
        for other in dict.fromkeys((ending, *_ENDINGS)):
            if is_image(f"x{other}") and (finder.root / f"{candidate}{other}").is_file():
                return f"{candidate}{other}"
    own = PurePosixPath(stem).name
    above = inner[0] if inner[1] else stem.removesuffix(own)
    folder, path = ((document.findtext(tag) or "").strip() for tag in ("folder", "path"))
    for image in dict.fromkeys(f"{above}{text}" for text in (file_name, own) if text):
        if found := _path(finder, image, subset):
            # Read once more by the name that it does not lie under, so that this is said.
            return next((said for said in (image, f"{folder}/{file_name}") if lies_apart(said, found)), found)
    for said in (path.replace("\\", "/"), f"{folder}/{file_name}"):
        inside = said.partition(":")[2] or said
        found = _path(finder, inside.lstrip("/"), subset)
        if found and f"/{found}".endswith("/".join(["", *inside.split("/")[-2:]])):
            return found
    return f"{above}{file_name or own}"


def _path(finder: Finder, name: str, subset: str | None) -> str | None:
    try:
        return finder.find(name, subset).relative_to(finder.root).as_posix() if name else None
    except ValueError:
        return None


def _listed(root: Path, files: set[str]) -> dict[Listed, dict[str, str]]:
    """The parts of the split of each stem, with the list that says so; the lists that were read go to `files`.

    trainval is train and val together: what the two say by themselves counts.
    """
    listed: dict[Listed, dict[str, str]] = {}
    names = ((PurePosixPath(name).stem, name) for name in walk(root) if f"/{name}".rpartition(f"/{SETS}/")[1])
    lists = [(word, name) for word, name in names if word in SUBSETS and name.endswith(f"{SETS}/{word}.txt")]
    order = sorted(SUBSETS, key=lambda word: word == _BOTH)
    for word, name in sorted(lists, key=lambda named: order.index(named[0])):
        files.add(name)
        folder = name.removesuffix(f"{SETS}/{word}.txt")
        for line in (root / name).read_text(encoding="utf-8-sig", errors="replace").splitlines():
            # VOC's own files have a second column, whether the class is there.
            stem = _bare(line.strip().removesuffix(" 1").removesuffix(" -1").rstrip())
            if stem and not (word == _BOTH and (folder, stem) in listed):
                listed.setdefault((folder, stem), {}).setdefault(SUBSETS[word], f"{word}.txt")
    return listed


def _bare(line: str) -> str:
    """What a line of a list names, without the ending of a file and the folder of all images."""
    inner = line.replace("\\", "/").removeprefix("./")
    for folder in (IMAGES, ANNOTATIONS):
        inner = f"/{inner}".partition(f"/{folder}/")[2] or inner
    return inner.rpartition(".")[0] if is_image(inner) or inner.lower().endswith(".xml") else inner


def _listed_as(name: str, listed: Mapping[Listed, object]) -> Listed:
    """How the lists nearest above an XML file name it: with the folders below Annotations/, or without."""
    inner, stem = name.partition(f"{ANNOTATIONS}/")[2][: -len(".xml")], PurePosixPath(name).stem
    above = [f"{folder}/" for folder in map(str, PurePosixPath(name).parents) if folder != "."]
    known = ((folder, text) for folder in (*above, "") for text in (inner, stem) if (folder, text) in listed)
    return next(known, ("", stem))


def place(record: ImageRecord) -> str:
    if record.labels:
        raise LayoutError(f"{record.name}: has labels of the whole image, which Pascal VOC has no place for")
    return f"{IMAGES}/{below_side(record)}"


def save(dataset: Dataset) -> None:
    """Writes Annotations/ and, where there are sides, ImageSets/Main/."""
    stems: dict[str, str] = {}
    for record in dataset.records:
        stem = _stem(record)
        if stem in stems:
            raise LayoutError(f"{record.name}: its annotations would replace those of {stems[stem]}")
        stems[stem] = record.name
        if record.boxes is not None:
            with written_aside(dataset.root / ANNOTATIONS / f"{stem}.xml") as file:
                file.write(_document(record))
    for side in Side:
        names = [_stem(record) for record in dataset.side(side)]
        if names:
            with written_aside(dataset.root / SETS / f"{side.value}.txt") as file:
                file.write("".join(f"{name}\n" for name in names).encode())


def _stem(record: ImageRecord) -> str:
    return str(PurePosixPath(record.name.removeprefix(f"{IMAGES}/")).with_suffix(""))


def _document(record: ImageRecord) -> bytes:
    document = ElementTree.Element("annotation")

    def add(parent: ElementTree.Element, tag: str, text: object) -> None:
        ElementTree.SubElement(parent, tag).text = str(text)

    add(document, "folder", IMAGES)
    add(document, "filename", PurePosixPath(record.name).name)
    size = ElementTree.SubElement(document, "size")
    add(size, "width", record.info.width)
    add(size, "height", record.info.height)
    add(size, "depth", record.info.channels)
    for box in record.boxes or ():
        marked = ElementTree.SubElement(document, "object")
        add(marked, "name", box.label)
        corners = ElementTree.SubElement(marked, "bndbox")
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box.corners, strict=True):
            add(corners, key, f"{value:.12g}")
    ElementTree.indent(document)
    written: bytes = ElementTree.tostring(document, encoding="utf-8", xml_declaration=True)
    return written


FORMAT = Format("voc", "Pascal VOC: an XML file an image", recognises, read, place, save)
