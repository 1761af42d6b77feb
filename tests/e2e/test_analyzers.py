"""Rekognition's own analyzers, as a person asks them without a model."""

import json

from support.drawing import draw
from support.local_services import QUICK, connect
from support.shells import Shell


def test_analyzers_are_asked_without_a_model_and_what_they_cannot_see_is_said(shell: Shell) -> None:
    photos = draw(shell.folder / "photos", {"across": 2})
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="line")
    for number, path in enumerate(sorted((photos / "across").iterdir())):
        tags = f"rekognition-text=LOT {number}:99/smudge:40&rekognition-labels=Person:90:0.1:0.2:0.3:0.4"
        service.s3.put_object(Bucket="line", Key=f"in/{path.name}", Body=path.read_bytes(), Tagging=tags)
    words = ("detect", "--local", "--no-model", "--with")
    table = shell.run(*words, "text,labels,properties", "s3://line/in")
    assert "$" not in table.stdout + table.stderr
    assert "text: LOT 0 (99.0)" in table.stdout
    assert "labels: Person (90.0) at 10, 20, 30, 40" in table.stdout
    assert "properties: brightness" in table.stdout

    shell.run(*words, "text", "s3://line/in", "--to", "found.jsonl")
    lines = [json.loads(line) for line in (shell.folder / "found.jsonl").read_text().splitlines()]
    assert [line["beside"]["text"]["seen"][0]["label"] for line in lines] == ["LOT 0", "LOT 1"]
    assert {line["version"] for line in lines} == {"-"}
    again = shell.run("-v", *words, "text", "s3://line/in", "--to", "found.jsonl").stderr
    assert "2 images are in found.jsonl already" in again
    assert "DetectText" not in again
    other = shell.run(*words, "labels", "s3://line/in", "--to", "found.jsonl", expect=4).stderr
    assert "holds what text saw beside the version" in other

    unseen = shell.run(*words, "text", "photos", expect=1).stderr
    assert "The local service sees no text in images by itself" in unseen
    for more, sentence in {
        ("--with", "smell"): "smell is no analyzer; there are labels, properties, text, moderation, faces",
        ("--no-model",): "--no-model goes with --with NAMES",
        ("--with", "text", "--no-model", "--version", "v1"): "--version is about a model, and --no-model asks none",
        ("--with", "text", "--to", "found.csv"): "--with goes with JSON lines, not with CSV",
    }.items():
        assert sentence in shell.run("detect", "photos", "--local", *more, expect=2).stderr


def test_what_is_written_in_pictures_divides_them_and_is_read_once(shell: Shell) -> None:
    photos = draw(shell.folder / "photos", {"across": 12, "down": 12})
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="line")
    lots: dict[str, int] = {}
    for number, path in enumerate(sorted(photos.rglob("*.png")) or sorted(photos.rglob("*.jpg"))):
        lots[path.relative_to(photos).as_posix()] = number % 6
        key, tags = f"in/{path.relative_to(photos).as_posix()}", f"rekognition-text=LOT {number % 6}:99"
        service.s3.put_object(Bucket="line", Key=key, Body=path.read_bytes(), Tagging=tags)
    assert len(lots) == 24
    shell.run("detect", "s3://line/in", "--local", "--no-model", "--with", "text", "--to", "texts.jsonl")
    words = ("dataset", "split", "photos", "--local", "--group-by", r"text:LOT (\d+)")
    divided = shell.json(*words, "--texts", "texts.jsonl")
    sides = [{lots[name] for name in divided[side]} for side in ("train", "test")]
    assert not sides[0] & sides[1]
    assert "goes with --group-by" in shell.run("dataset", "split", "photos", "--texts", "texts.jsonl", expect=2).stderr
    assert "each with the other" in shell.run(*words, expect=2).stderr
    (photos / "across" / "late.png").write_bytes((photos / next(iter(lots))).read_bytes())
    assert "lacks 1 of 25 images" in shell.run(*words, "--texts", "texts.jsonl", expect=4).stderr
