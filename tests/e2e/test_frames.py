"""Frames of videos as a person takes them: from a folder, from S3, after a kill, and on to a split."""

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from support.local_services import BUCKET, QUICK, client, connect
from support.shells import Shell
from support.videos import film, moving, plain


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """A folder without a local service."""
    return Shell(tmp_path)


def videos(folder: Path, count: int, frames: int = 30) -> Path:
    """Videos of two labels, each of a brightness of its own."""
    for number in range(count):
        label = ("crack", "good")[number % 2]
        level = 20 + 10 * number
        film(folder / label / f"line {number}.avi", (plain(level + index % 5) for index in range(frames)))
    return folder


def digest(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")}


def test_frames_of_labelled_videos_are_divided_a_video_at_a_time_and_say_where_they_are_from(bare: Shell) -> None:
    videos(bare.folder / "videos", 8)
    taken = bare.json("dataset", "frames", "videos", "--every", "0.5s", "--to", "photos")
    assert taken["frames"] == 48
    table = bare.run("dataset", "frames", "videos", "--every", "0.5s", "--to", "photos").stdout
    assert "done before" in table
    assert "48 frames of 8 videos in photos" in table
    divided = bare.json("dataset", "split", "photos", "--test-fraction", "0.3")
    marks = {side: {name.partition("-video")[2][:12] for name in names} for side, names in divided.items()}
    assert len(marks["train"]) + len(marks["test"]) == 8
    assert not marks["train"] & marks["test"]
    bare.run("manifest", "build", "photos", "--bucket", BUCKET, "--project", "line", "--to", "out")
    first = json.loads((bare.folder / "out" / "train.manifest").read_text().splitlines()[0])
    about = first["label_0-metadata"]
    assert about["video"].startswith("line-")
    assert about["video-fingerprint"] in marks["train"]
    assert about["video-seconds"] in (0, 0.5, 1, 1.5, 2, 2.5)
    bare.run("manifest", "validate", "out/train.manifest", "out/test.manifest")


def test_a_killed_run_is_finished_by_running_it_again(bare: Shell) -> None:
    videos(bare.folder / "videos", 6, frames=100)
    words = ("dataset", "frames", "videos", "--every", "0.1s", "--to")
    bare.run(*words, "whole")
    running = bare.start(*words, "killed")
    while running.poll() is None and not list((bare.folder / "killed").glob(".videos/*.json")):
        with suppress(subprocess.TimeoutExpired):
            running.wait(0.01)
    running.kill()
    running.communicate()
    bare.run(*words, "killed")
    assert digest(bare.folder / "killed") == digest(bare.folder / "whole")
    assert not list((bare.folder / "killed").glob(".*.part"))


def test_what_is_no_video_ends_in_a_sentence(bare: Shell) -> None:
    (bare.folder / "empty").mkdir()
    (bare.folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    for source, sentence in {
        "empty": "error: empty: holds no video",
        "photo.jpg": "error: photo.jpg: is no video (a JPEG image)",
        "gone.mp4": "error: gone.mp4: does not exist",
    }.items():
        assert sentence in bare.run("dataset", "frames", source, expect=4).stderr
    film(bare.folder / "line.avi", map(moving, range(5)))
    assert "--every 0s" in bare.run("dataset", "frames", "line.avi", "--every", "0s", expect=2).stderr
    shutil.copy(bare.folder / "photo.jpg", bare.folder / "broken.mp4")
    (bare.folder / "photo.jpg").unlink()
    told = bare.run("dataset", "frames", ".", "--to", "frames", expect=4)
    assert "warning: broken.mp4: is no video (a JPEG image)" in told.stderr
    assert "1 frame of 2 videos in frames" in told.stdout
    endless = bare.run("dataset", "frames", "rtsp://ada:secret@127.0.0.1:1/line", expect=2).stderr
    assert "error: a live stream has no end" in endless
    assert "secret" not in endless


def test_a_video_in_s3_is_read_there(shell: Shell) -> None:
    film(shell.folder / "line.mkv", map(moving, range(45)))
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="films")
    service.s3.upload_file(str(shell.folder / "line.mkv"), "films", "videos/line.mkv")
    service.s3.put_object(Bucket="films", Key="text/x.mkv", Body=b"hello")
    words = ("dataset", "frames", "--every", "1s", "--local")
    shell.run(*words, "line.mkv", "--to", "here")
    for source, to in {"videos/line.mkv": "object", "videos": "folder"}.items():
        shell.run(*words, f"s3://films/{source}", "--to", to)
        assert digest(shell.folder / to) == digest(shell.folder / "here")
    assert len(digest(shell.folder / "here")) == 5
    tags = {"TagSet": [{"Key": "rekognition-video", "Value": "Person:95:1:2/Cat:20:0:9"}]}
    service.s3.put_object_tagging(Bucket="films", Key="videos/line.mkv", Tagging=tags)  # type: ignore[arg-type]
    some = shell.run(*words, "s3://films/videos/line.mkv", "--to", "some", "--where", "person")
    assert sorted(name[-9:-4] for name in digest(shell.folder / "some")) == ["1s000", "2s000"]
    assert "line.mkv: person in 1 span" in some.stderr
    assert "--where goes with videos in S3" in shell.run(*words, "line.mkv", "--where", "Person", expect=2).stderr
    told = shell.run(*words, "s3://films/text/x.mkv", expect=4)
    assert "error: s3://films/text/x.mkv: is no video (a text)" in told.stderr
    assert "holds no video" in shell.run(*words, "s3://films/nothing/", expect=4).stderr


def test_faces_that_tags_script_are_made_coarse_and_a_frame_that_none_looked_at_is_not_written(shell: Shell) -> None:
    film(shell.folder / "hall.mkv", map(moving, range(25)))
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="frames")
    words = ("dataset", "frames", "hall.mkv", "--every", "1s", "--local", "--to")
    shell.run(*words, "plain")
    plain_frames = digest(shell.folder / "plain")
    unseen = shell.run(*words, "blurred", "--blur-faces", expect=1).stderr
    assert "The local service sees no faces in images by itself" in unseen
    assert not digest(shell.folder / "blurred")
    for number, (name, body) in enumerate(sorted(plain_frames.items())):
        # The square of the first frame begins at its upper left; in the others nobody is seen.
        tags = "rekognition-faces=" + ("99:0.05:0.05:0.1:0.15" if number == 0 else "")
        service.s3.put_object(Bucket="frames", Key=name, Body=body, Tagging=tags)
    shell.run(*words, "blurred", "--blur-faces")
    blurred = digest(shell.folder / "blurred")
    first, *others = sorted(plain_frames)
    assert blurred.keys() == plain_frames.keys()
    assert [name for name in blurred if blurred[name] != plain_frames[name]] == [first]
    assert len(others) == 2
    mixed = shell.run(*words, "plain", "--blur-faces", expect=4).stderr
    assert "holds frames of hall.mkv that were chosen otherwise" in mixed


def test_videos_in_s3_are_told_by_their_bytes_where_their_keys_do_not_tell(shell: Shell) -> None:
    body = film(shell.folder / "line.mkv", map(moving, range(15))).read_bytes()
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="films")
    for key, content in {"cam/0815": body, "cam/4711": b"hello", "cam/a.jpg": b"\xff\xd8\xff", "cam/x/": b""}.items():
        service.s3.put_object(Bucket="films", Key=key, Body=content)
    words = ("dataset", "frames", "--every", "1s", "--local")
    for number, source in enumerate(("s3://films/cam/0815", "s3://films/cam")):
        taken = shell.json(*words, source, "--to", f"to{number}")
        assert [(video["video"], len(video["frames"])) for video in taken["videos"]] == [("0815", 2)]
    assert "s3://films/cam: 3 files left out, no video" in shell.run(*words, "s3://films/cam", "--to", "to1").stderr


def test_the_end_of_a_job_is_heard_through_a_topic_and_what_it_saw_becomes_prelabels(shell: Shell) -> None:
    film(shell.folder / "line.mkv", map(moving, range(45)))
    service = connect(shell.state, pace=QUICK)
    service.s3.create_bucket(Bucket="films")
    tags = "rekognition-video=Person:95:1:2:0.25:0.25:0.5:0.5/Hall:80:0:4"
    service.s3.put_object(Bucket="films", Key="line.mkv", Body=(shell.folder / "line.mkv").read_bytes(), Tagging=tags)
    sns, sqs = client(service, "sns"), client(service, "sqs")
    topic = sns.create_topic(Name="AmazonRekognition-videos")["TopicArn"]
    queue = sqs.create_queue(QueueName="videos")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    role = "arn:aws:iam::123456789012:role/rekognition-tells"
    toml = shell.folder / "customlabels.toml"
    toml.write_text(f'[video]\ntopic = "{topic}"\nrole = "{role}"\n')
    words = ("-v", "dataset", "frames", "s3://films/line.mkv", "--every", "1s", "--local", "--to", "frames")
    assert "video.queue: is not set" in shell.run(*words, "--where", "Person", expect=2).stderr
    toml.write_text(f'[video]\ntopic = "{topic}"\nrole = "{role}"\nqueue = "{queue}"\n')
    both = shell.run(*words, "--prelabel", "ahead")
    # Before it listens, when it has heard, and a page more: nobody asks every second.
    assert both.stderr.count("calls rekognition GetLabelDetection") <= 4
    assert "calls sqs DeleteMessage" in both.stderr
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert "7 labels seen in 5 frames: ahead/annotations/instances.json" in both.stderr
    coco = json.loads((shell.folder / "ahead" / "annotations" / "instances.json").read_text())
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    people = [mark for mark in coco["annotations"] if "bbox" in mark]
    assert sorted(names[mark["image_id"]][-9:-4] for mark in people) == ["1s000", "2s000"]
    assert people[0]["bbox"] == [40, 30, 80, 60]
    assert {path.name for path in (shell.folder / "frames").glob("*.jpg")} == {*names.values()}
    again = shell.run(*words, "--prelabel", "ahead").stderr
    assert "StartLabelDetection" not in again
    policy = shell.json("iam", "policy", "analyzers", "--local", "--bucket", "films", "--project", "line")
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert statements["Teller"]["Resource"] == [role]
    assert statements["Hearing"]["Resource"] == [arn]
    for more, sentence in {
        ("line.mkv", "--prelabel", "ahead"): "--prelabel goes with videos in S3",
        ("line.mkv", "--as", "coco"): "--as goes with --prelabel FOLDER",
    }.items():
        assert sentence in shell.run("dataset", "frames", "--local", *more, expect=2).stderr
