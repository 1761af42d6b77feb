"""A video shown to a running version, as a person does it."""

import csv
import json

import cv2
import pytest
from PIL import Image
from support.drawing import draw
from support.local_services import QUICK, connect
from support.shells import Shell
from support.videos import film

pytestmark = pytest.mark.around

SCRIPT = ["across", "down", "across"]
"""What the line shows, five seconds each."""


def test_a_video_gives_the_spans_of_its_script_and_goes_on_where_it_was(shell: Shell) -> None:
    photos = draw(shell.folder / "photos", {"across": 12, "down": 12})
    shell.run("train", "photos", "--local", "--min-f1", "0.8")
    shell.run("model", "start", "--local")
    pictures = {label: [cv2.imread(str(path)) for path in sorted((photos / label).iterdir())] for label in SCRIPT}
    scenes = [pictures[label][second] for label in SCRIPT for second in range(5) for _ in range(10)]
    film(shell.folder / "line.avi", scenes)
    words = ("detect", "line.avi", "--local", "--rate", "50", "--hold", "30", "--to", "found.jsonl")
    first = shell.json(*words, "--spans", "spans.csv", "--sheet", "sheet.png", "--draw", "drawn", "--gap", "1.5s")
    assert (first["frames"], first["looked"], first["failed"]) == (15, 15, 0)
    truth = [("across", 0, 4), ("down", 5, 9), ("across", 10, 14)]
    assert [(span["label"], span["begin"], span["end"]) for span in first["spans"]] == truth
    with (shell.folder / "spans.csv").open() as file:
        assert [(row["label"], float(row["begin"])) for row in csv.DictReader(file)] == [span[:2] for span in truth]
    with Image.open(shell.folder / "sheet.png") as sheet:
        assert sheet.width > 3 * 96
    assert len(list((shell.folder / "drawn").iterdir())) == 15

    found = shell.folder / "found.jsonl"
    found.write_text("".join(found.read_text().splitlines(keepends=True)[:9])[:-40])
    calls = shell.run("-v", *words, "--gap", "1.5s")
    assert calls.stderr.count("calls rekognition DetectCustomLabels") == 7
    assert "8 frames in found.jsonl already" in calls.stderr
    assert "line.avi: 3 spans in 15 frames" in calls.stdout
    names = [json.loads(line)["name"] for line in found.read_text().splitlines()]
    assert len({*names}) == len(names) == 15

    shell.run(*words, "--gap", "1.5s", "--draw", "drawn.webm")
    capture = cv2.VideoCapture(str(shell.folder / "drawn.webm"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) / capture.get(cv2.CAP_PROP_FPS) == pytest.approx(15, abs=0.3)

    day = shell.folder / "day"
    film(day / "early" / "line.avi", scenes[:50])
    film(day / "late" / "line.avi", scenes[50:])
    (day / "late" / "again").write_bytes((day / "late" / "line.avi").read_bytes())
    (day / "late" / "bad.avi").write_bytes(b"RIFF\0\0\0\0AVI ")
    words = ("detect", "day", "--local", "--rate", "50", "--hold", "30", "--gap", "1.5s", "--to", "day.csv")
    both = shell.json(*words, "--spans", "day.jsonl", "--sheet", "day.png", expect=4)["videos"]
    assert [(video["video"], len(video["spans"]), video["frames"]) for video in both] == [
        ("early/line.avi", 1, 5),
        ("late/again", 2, 10),
        ("late/bad.avi", 0, 0),
    ]
    rows = [json.loads(line) for line in (shell.folder / "day.jsonl").read_text().splitlines()]
    assert [(row["video"], row["label"], row["begin"]) for row in rows] == [
        ("early/line.avi", "across", 0),
        ("late/again", "down", 0),
        ("late/again", "across", 5),
    ]
    again = shell.run("-v", *words, expect=4)
    # The rows of the last image in a CSV may lack some.
    assert again.stderr.count("calls rekognition DetectCustomLabels") == 1
    assert "late/line.avi: is the same video as late/again, and is looked at once" in again.stderr
    assert "3 spans in 15 frames of 3 videos" in again.stdout
    many = shell.run("detect", "day", "--local", "--draw", "drawn.mp4", expect=2).stderr
    assert "--draw drawn.mp4: is one video, and 3 are looked at" in many

    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="films")
    service.s3.upload_file(str(day / "early" / "line.avi"), "films", "cam/0815")
    for source in ("s3://films/cam/0815", "s3://films/cam", "s3://films/cam/"):
        stored = shell.json("detect", source, "--local", "--rate", "50", "--hold", "30", "--gap", "1.5s")
        assert (stored["frames"], [span["label"] for span in stored["spans"]]) == (5, ["across"])

    cut = shell.folder / "cut.avi"
    cut.write_bytes((shell.folder / "line.avi").read_bytes()[:-200_000])
    broken = shell.run("detect", "cut.avi", "--local", "--rate", "50", expect=4)
    assert "warning: cut.avi: is cut off after second " in broken.stderr
    for more, sentence in {
        ("--results",): "--results goes with images, not with a video",
        ("--spans", "spans.txt"): "ends in neither .csv nor .jsonl",
        ("--every", "0s"): "--every 0s: has to be some time",
    }.items():
        assert sentence in shell.run("detect", "line.avi", "--local", *more, expect=2).stderr
    assert "--gap goes with a video" in shell.run("detect", "photos", "--local", "--gap", "2s", expect=2).stderr
    asked = shell.run("review", "pick", "found.jsonl", "--local", expect=4)
    assert "frames of a video are taken by customlabels dataset frames" in asked.stderr
    shell.run("dataset", "frames", "line.avi", "--every", "1s")
    assert "15 images" in shell.run("review", "pick", "found.jsonl", "--local", "--images", "frames").stderr
