"""Reviews as a person has them: picked, answered, looked at, applied."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.drawing import draw, drawn
from support.local_services import QUICK, connect
from support.shells import Shell

from customlabels.review.answers import Answer, add_answers
from customlabels.review.tasks import read_tasks

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A folder with images, of each of which a version has said something."""
    draw(tmp_path / "line", {"across": 12, "down": 12})
    for number in range(12):
        path = tmp_path / "known" / ("dots" if number < 6 else "drops") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(2, 5000 + number).save(path)
    lines = []
    for number, path in enumerate(sorted((tmp_path / "line").rglob("*.jpg"))):
        labels = [{"label": "across", "confidence": 4.0 * number, "box": None}]
        about = {"error": None, "source": "line", "version": "v1", "least": 1.0}
        lines.append({"name": f"{path.parent.name}/{path.name}", "labels": labels, **about})
    (tmp_path / "found.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    return Shell(tmp_path)


PICK = ("review", "pick", "found.jsonl", "--threshold", "50", "--not-alike", "-q")


def answer_all(folder: Path, at: datetime = NOON) -> None:
    add_answers(
        folder,
        [
            Answer(task.image, person, at, (task.name.partition("/")[0],))
            for task in read_tasks(folder)
            for person in ("ada", "bo")[: task.people]
        ],
    )


@pytest.mark.around
def test_images_are_picked_answered_and_made_into_a_source_of_train(shell: Shell) -> None:
    picked = shell.json(*PICK, "--count", "10", "--known", "known")
    assert (picked["images"], picked["known"]) == (9, 1)
    assert picked["groups"] == {"near": 8, "defect": 7, "rest": 9}
    more = shell.json(*PICK, "--count", "100")
    assert more["images"] == 15
    assert "were asked about already" in shell.run(*PICK, expect=4).stderr
    tasks = read_tasks(shell.folder / "review")
    assert all(task.chance == 1 for task in tasks)
    before = shell.json("review", "status")
    assert before["outcomes"] == {"open": 25}
    answer_all(shell.folder / "review")
    status = shell.json("review", "status")
    assert status["outcomes"] == {"resolved": 25}
    (across, down) = status["versions"]["v1"]
    assert across["label"] == "across"
    assert across["recall"]["value"] == pytest.approx(0.0)
    assert down["images"] == 24
    shown = shell.run("review", "status").stdout
    assert "25 images: 0 open, 0 disputed, 25 resolved" in shown
    applied = shell.json("review", "apply", "known", "--to", "next", "-q")
    assert len(applied["added"]) + len(applied["refused"]) == 24
    inspected = shell.json("dataset", "inspect", "next", "-q")
    assert inspected["images"] == 12 + len(applied["added"])


def test_no_more_are_asked_about_than_a_day_may_have(shell: Shell) -> None:
    assert shell.json(*PICK, "--count", "10", "--a-day", "12")["images"] == 10
    assert shell.json(*PICK, "--count", "10", "--a-day", "12")["images"] == 2
    refused = shell.run(*PICK, "--a-day", "12", expect=4)
    assert "12 images were picked today" in refused.stderr


@pytest.mark.around
def test_what_is_wrong_is_told_with_what_to_do(shell: Shell) -> None:
    table = {
        ("review", "status"): (4, "nothing was picked yet"),
        ("review", "page"): (4, "nothing was picked yet"),
        ("review", "apply", "known", "--to", "next"): (4, "nothing was picked yet"),
        ("review", "pick", "lost.jsonl"): (4, "no such file"),
        ("review", "pick", "found.csv"): (4, "is CSV"),
        (*PICK, "--images", "nowhere"): (4, "24 of 24 images are not there"),
        ("review", "pick", "found.jsonl", "--threshold", "x"): (2, "not a valid float"),
        ("review", "pick", "found.jsonl", "--threshold", "150"): (2, "not in the range"),
        (*PICK, "--ok", "okk"): (2, "--ok okk: no image has such a label"),
        ("review", "pick", "found.jsonl", "--threshold", "krack=50"): (2, "thresholds of version v1 are not known"),
        ("review", "read", "found.jsonl"): (4, "nothing was picked yet"),
        ("review", "suspects", "nowhere"): (4, "no such file or folder"),
    }
    for words, (code, message) in table.items():
        assert message in shell.run(*words, expect=code).stderr, words
    shell.run(*PICK)
    assert "found.jsonl: none of A2I" in shell.run("review", "read", "found.jsonl", expect=4).stderr
    (shell.folder / "odd.jsonl").write_text('{"name": "x"}\n')
    assert "odd.jsonl, line 1" in shell.run("review", "pick", "odd.jsonl", "--threshold", "50", expect=4).stderr


def test_a_disputed_image_waits_for_a_further_person_and_enters_no_dataset(shell: Shell) -> None:
    shell.json(*PICK, "--count", "24", "--overlap", "0")
    folder = shell.folder / "review"
    answer_all(folder)
    first, *_ = read_tasks(folder)
    add_answers(folder, [Answer(first.image, "bo", NOON + timedelta(1), ("dots",))])
    assert shell.json("review", "status")["outcomes"] == {"disputed": 1, "resolved": 23}
    applied = shell.json("review", "apply", "--to", "next", "-q")
    assert len(applied["added"]) == 23
    assert applied["waiting"]["disputed"] == 1


@pytest.mark.around
def test_suspects_are_put_before_people(shell: Shell) -> None:
    (shell.folder / "line" / "across" / "000.jpg").rename(shell.folder / "line" / "down" / "wrong.jpg")
    suspects = shell.json("review", "suspects", "line", "--ask", "-q")
    assert [suspect["name"] for suspect in suspects] == ["down/wrong.jpg"]
    assert [task.name for task in read_tasks(shell.folder / "review")] == ["down/wrong.jpg"]
    assert shell.json("review", "status")["versions"] == {}


@pytest.mark.around
def test_the_poorer_a_version_is_the_fewer_images_are_chosen_by_what_it_says(shell: Shell) -> None:
    service = connect(shell.state, pace=QUICK)
    shell.run("--local", "train", "line", "--project", "line", "--version-name", "v1", "--min-f1", "0", "-q")
    words = ("--local", "review", "pick", "found.jsonl", "--project", "line", "--not-alike", "--count", "10")
    assert "is unsure of" not in shell.run(*words).stderr
    (project,) = service.rekognition.describe_projects(ProjectNames=["line"])["ProjectDescriptions"]
    (version,) = service.rekognition.describe_project_versions(ProjectArn=project["ProjectArn"])[
        "ProjectVersionDescriptions"
    ]
    stored = version["EvaluationResult"]["Summary"]["S3Object"]
    where = {"Bucket": stored["Bucket"], "Key": stored["Name"]}
    summary = json.loads(service.s3.get_object(**where)["Body"].read())
    for f1, share, strata in ((0.7, "more", {"near": 2, "defect": 1, "random": 7}), (0.4, "all", {"random": 10})):
        summary["AggregatedEvaluationResults"]["F1Score"] = f1
        service.s3.put_object(**where, Body=json.dumps(summary).encode())
        poor = shell.run(*words, "--in", f"f1-{f1}", "--output", "json")
        assert f"v1 has an F1 of {f1:.2f} on its test set" in poor.stderr
        assert f"{share} images are random" in poor.stderr
        assert json.loads(poor.stdout)["strata"] == strata
