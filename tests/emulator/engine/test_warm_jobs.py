import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from support.drawing import drawn
from support.local_services import Service, begin_training, connect, kill
from support.stored_images import store_images

from customlabels.core.addresses import S3Address
from customlabels.core.waiting import wait_for
from customlabels.emulator.engine import describing
from customlabels.emulator.engine.describing import described
from customlabels.emulator.engine.features import decode, describe
from customlabels.emulator.engine.job_files import LOG, MODEL, OUTCOME
from customlabels.emulator.engine.warm_jobs import WarmJobs
from customlabels.manifests.lines import entry_line

IMAGES = 8


def png(pattern: int, seed: int) -> bytes:
    buffer = io.BytesIO()
    drawn(pattern, seed, size=64).save(buffer, "PNG")
    return buffer.getvalue()


def filled(state: Path, images: int = IMAGES) -> Path:
    """A state with images of two labels in a bucket."""
    store_images(state, "bucket", {f"{number}.png": png(number % 2, number) for number in range(images)})
    return state


def training(state: Path, name: str, images: int = IMAGES) -> Path:
    """The folder of a training on the images of a state."""
    folder = state / "versions" / name
    folder.mkdir(parents=True)
    lines = [entry_line(f"s3://bucket/{number}.png", (("across", "down")[number % 2],)) for number in range(images)]
    for manifest in ("train", "test"):
        (folder / f"{manifest}.manifest").write_bytes(b"".join(lines))
    return folder


def model(folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / MODEL) as arrays:
        return {name: arrays[name] for name in arrays.files}


def same(folder: Path, other: Path) -> bool:
    first, second = model(folder), model(other)
    return first.keys() == second.keys() and all(np.array_equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WarmJobs]:
    """A state with images, and what trains on them; a process of it is waiting."""
    state, jobs = filled(tmp_path_factory.mktemp("state")), WarmJobs()
    jobs.train(state, training(state, "warm"), "arn")
    return state, jobs


@pytest.mark.around
def test_a_process_trains_one_after_the_other_and_each_as_a_new_one_would(
    tmp_path: Path, warm: tuple[Path, WarmJobs]
) -> None:
    state, jobs = warm
    folders = [training(state, name) for name in ("first", "second")]
    for folder in folders:
        jobs.train(state, folder, "arn")
        assert (folder / OUTCOME).exists(), (folder / LOG).read_text()
    anew = training(filled(tmp_path / "anew"), "anew")
    WarmJobs().train(tmp_path / "anew", anew, "arn")
    assert same(folders[0], folders[1])
    assert same(folders[0], anew)


@pytest.mark.around
def test_a_service_that_holds_much_has_its_trainings_done_all_the_same(tmp_path: Path) -> None:
    """Linux has a new process begin with the most memory that the one which started it has ever held."""
    state, jobs, much = filled(tmp_path), WarmJobs(), np.ones(80_000_000)
    for name in ("first", "second"):
        folder = training(state, name)
        jobs.train(state, folder, "arn")
        assert (folder / OUTCOME).exists(), (folder / LOG).read_text()
    assert much.nbytes > 600_000_000


def test_a_process_that_died_while_it_waited_costs_no_training(warm: tuple[Path, WarmJobs]) -> None:
    state, jobs = warm
    assert jobs._idle is not None
    jobs._idle.kill()
    folder = training(state, "after a death")
    jobs.train(state, folder, "arn")
    assert (folder / OUTCOME).exists()


def test_a_training_that_raises_is_told_in_its_own_log_and_the_next_one_is_done(warm: tuple[Path, WarmJobs]) -> None:
    state, jobs = warm
    bad, good = training(state, "bad"), training(state, "good")
    (bad / "train.manifest").unlink()
    jobs.train(state, bad, "arn")
    jobs.train(state, good, "arn")
    assert not (bad / OUTCOME).exists()
    assert "FileNotFoundError" in (bad / LOG).read_text()
    assert (good / OUTCOME).exists()
    assert (good / LOG).read_text() == ""


def test_trainings_at_once_are_both_done(warm: tuple[Path, WarmJobs]) -> None:
    state, jobs = warm
    folders = [training(state, name) for name in ("one", "other")]
    threads = [threading.Thread(target=jobs.train, args=(state, folder, "arn")) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same(*folders)


def test_a_training_that_is_killed_ends_without_an_outcome_and_the_next_one_is_done(
    warm: tuple[Path, WarmJobs],
) -> None:
    state, jobs = warm
    assert jobs._idle is not None
    process, folder = jobs._idle, training(state, "killed")
    # It waits for a line of its manifest that never comes.
    (folder / "train.manifest").unlink()
    os.mkfifo(folder / "train.manifest")
    thread = threading.Thread(target=jobs.train, args=(state, folder, "arn"))
    thread.start()
    wait_for(lambda: (folder / LOG).exists() or None, what="the training's begin", most=20)
    process.kill()
    thread.join(20)
    assert not thread.is_alive()
    assert not (folder / OUTCOME).exists()
    after = training(state, "after a kill")
    jobs.train(state, after, "arn")
    assert (after / OUTCOME).exists()


@pytest.mark.around
def test_a_training_whose_service_is_killed_is_taken_up_again(own_service: Service, images: Path) -> None:
    project, _ = begin_training(own_service, "cut", images)
    kill(own_service)
    service = connect(own_service.state)

    def ended() -> str | None:
        (version,) = service.rekognition.describe_project_versions(ProjectArn=project)["ProjectVersionDescriptions"]
        return None if version["Status"] == "TRAINING_IN_PROGRESS" else version["Status"]

    assert wait_for(ended, what="the training", most=60) == "TRAINING_COMPLETED"


def test_images_are_described_the_same_by_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = filled(tmp_path, 40)
    addresses: list[S3Address | None] = [S3Address("bucket", f"{number}.png") for number in range(40)]
    addresses += [None, S3Address("bucket", "nowhere"), addresses[0]]
    monkeypatch.setattr(describing, "_ALONE", 1)
    monkeypatch.setattr(describing, "_MANY", 2)
    for _ in range(2):
        rows = described(state, addresses)
        assert rows[40] is None
        assert rows[41] is None
        for number in (0, 20, 39):
            np.testing.assert_array_equal(rows[number], describe(decode(png(number % 2, number))))
        np.testing.assert_array_equal(rows[42], rows[0])


def test_an_image_that_cannot_be_used_is_none_and_the_others_are_described(tmp_path: Path) -> None:
    state = filled(tmp_path, 3)
    store_images(state, "bucket", {"1.png": b"text"})
    rows = described(state, [S3Address("bucket", f"{number}.png") for number in range(3)])
    assert [row is not None for row in rows] == [True, False, True]
