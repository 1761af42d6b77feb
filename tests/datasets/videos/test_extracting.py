"""Frames of videos as they come from cameras, telephones and broken downloads."""

import io
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.videos import SIZE, cut, encoded, film, film_at, film_of_two, moving, plain, sound, spoiled, turned

from customlabels.core.errors import LayoutError, SettingsError
from customlabels.datasets.videos.containers import Video, video_file, videos_below
from customlabels.datasets.videos.extracting import Choice, Taken, extract
from customlabels.datasets.videos.frame_names import frame_of

HEAD = bytes(99)


def frames_of(path: Path, to: Path, **choice: float | bool | int) -> Taken:
    (taken,) = extract([video_file(path)], to, Choice(**choice))  # type: ignore[arg-type]
    return taken


def seconds_of(taken: Taken) -> list[float]:
    frames = [frame_of(name) for name in taken.frames]
    return [frame.seconds for frame in frames if frame]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of a moving square in each container; not to be changed."""
    folder = tmp_path_factory.mktemp("clips")
    for ending in (".mp4", ".mov", ".avi", ".mkv"):
        film(folder / f"line{ending}", (moving(number) for number in range(60)))
    return folder


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".avi", ".mkv"])
def test_a_frame_is_taken_every_so_often_and_named_by_video_and_time(clips: Path, tmp_path: Path, ending: str) -> None:
    taken = frames_of(clips / f"line{ending}", tmp_path, every=2.0)
    assert (taken.fault, taken.notes) == ("", ())
    assert seconds_of(taken) == [0.0, 2.0, 4.0]
    assert all(name.startswith("line-video") and name.endswith(".jpg") for name in taken.frames)
    for name, number in zip(taken.frames, (0, 20, 40), strict=True):
        with Image.open(tmp_path / name) as image:
            assert (image.format, image.size) == ("JPEG", SIZE)
            left, top = 16 * (number % 8), 16 * (number // 8 % 6)
            red, green, blue = image.getpixel((left + 12, top + 12))  # type: ignore[misc]
            assert red > 150 > max(green, blue)


@pytest.mark.parametrize("key_frames", [False, True])
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".avi", ".mkv"])
def test_a_second_video_in_a_file_is_named_and_the_first_is_taken(
    tmp_path: Path, ending: str, key_frames: bool
) -> None:
    taken = frames_of(film_of_two(tmp_path / f"two{ending}"), tmp_path / "frames", every=1.0, key_frames=key_frames)
    told = f"two{ending}: holds 2 videos beside one another, and the first is looked at"
    assert [note.startswith(told) for note in taken.notes if "key frames" not in note] == [True]
    with Image.open(tmp_path / "frames" / taken.frames[0]) as image:
        assert image.convert("L").getextrema()[1] < 100  # type: ignore[operator]


def test_key_frames_alone_are_read_where_that_is_asked(tmp_path: Path) -> None:
    source = film_at(tmp_path / "line.mp4", [number / 10 for number in range(60)], keys=15)
    taken = frames_of(source, tmp_path / "frames", every=1.0, key_frames=True)
    assert seconds_of(taken) == [0.0, 1.5, 3.0, 4.5]


def test_a_turned_video_gives_upright_frames(clips: Path, tmp_path: Path) -> None:
    source = turned(clips / "line.mp4", tmp_path / "phone.mp4")
    for name in ("all", "keys"):
        taken = frames_of(source, tmp_path / name, key_frames=name == "keys")
        with Image.open(tmp_path / name / taken.frames[0]) as image:
            assert image.size == SIZE[::-1]
            red, green, blue = image.getpixel((SIZE[1] - 12, 12))  # type: ignore[misc]
            assert red > 150 > max(green, blue)


def test_times_of_a_variable_rate_are_those_of_the_frames(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.08, 0.5, 1.9, 2.05, 2.1, 3.0, 5.5, 5.6, 8.25]
    taken = frames_of(film_at(tmp_path / "screen.mp4", times), tmp_path / "frames", every=1.0)
    assert seconds_of(taken) == [0.0, 1.9, 2.05, 3.0, 5.5, 8.25]
    assert taken.notes == ("screen.mp4: no picture between second 3 and second 5.5, and 1 more such gaps",)


@pytest.mark.parametrize("ending", [".mkv", ".avi"])
def test_a_video_that_was_cut_off_gives_what_is_there_and_the_second(clips: Path, tmp_path: Path, ending: str) -> None:
    source = cut(clips / f"line{ending}", tmp_path / f"cut{ending}", 0.6)
    taken = frames_of(source, tmp_path / "frames", every=1.0)
    assert seconds_of(taken)[:3] == [0.0, 1.0, 2.0]
    assert max(seconds_of(taken)) < 5
    assert f"cut{ending}: is cut off after second " in taken.fault
    assert " of its bytes are missing" in taken.fault


def test_a_video_without_its_index_gives_a_sentence(clips: Path, tmp_path: Path) -> None:
    taken = frames_of(cut(clips / "line.mp4", tmp_path / "cut.mp4", 0.6), tmp_path / "frames")
    assert taken.frames == ()
    assert taken.fault.startswith("cut.mp4: no picture can be read from it, not even that of second 0; ")


def test_a_video_that_is_broken_in_the_middle_gives_what_came_before_and_the_second(
    clips: Path, tmp_path: Path
) -> None:
    source = spoiled(clips / "line.avi", tmp_path / "bad.avi", 0.5)
    taken = frames_of(source, tmp_path / "frames", every=1.0)
    assert seconds_of(taken)[:2] == [0.0, 1.0]
    assert taken.fault.startswith("bad.avi: ")
    assert " after second " in taken.fault


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("a.mp4", lambda path: path.write_bytes(b""), "is empty"),
        ("a.mp4", lambda path: path.write_text("hello, world"), "is no video (a text)"),
        ("a.txt", lambda path: path.write_text("hello, world"), "is no video (a text)"),
        ("a.mp4", lambda path: path.write_text("#EXTM3U\nfile:///etc/passwd\n"), "is no video (a playlist)"),
        ("a.jpg", lambda path: Image.new("RGB", (80, 80)).save(path), "is no video (a JPEG image)"),
        ("a.mov", lambda path: Image.new("RGB", (80, 80)).save(path, "PNG"), "is no video (a PNG image)"),
        (
            "a.mp4",
            lambda path: path.write_bytes(b"\0\0\0\x1cftypheic" + HEAD),
            "is no video (a HEIC or AVIF image)",
        ),
        ("a.avi", lambda path: path.write_bytes(b"RIFF\0\0\0\0WAVE" + HEAD), "is no video (a sound)"),
    ],
)
def test_what_is_no_video_is_refused_before_it_is_decoded(
    tmp_path: Path, name: str, make: Callable[[Path], object], sentence: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(LayoutError) as error:
        video_file(tmp_path / name)
    assert error.value.message == f"{tmp_path / name}: {sentence}"


@pytest.mark.parametrize("ending", [".mp4", ".avi", ".mkv"])
def test_what_follows_a_whole_video_in_its_file_is_no_fault(clips: Path, tmp_path: Path, ending: str) -> None:
    source = tmp_path / f"line{ending}"
    source.write_bytes((clips / f"line{ending}").read_bytes() + b"made by camera 3, serial number 4711")
    taken = frames_of(source, tmp_path / "frames")
    assert (len(taken.frames), taken.fault) == (3, "")


def test_a_length_that_its_writer_never_filled_in_is_no_fault(clips: Path, tmp_path: Path) -> None:
    for length in (b"\0" * 4, b"\xff" * 4):
        body = (clips / "line.avi").read_bytes()
        source = tmp_path / f"live-{length[0]}.avi"
        source.write_bytes(body[:4] + length + body[8:])
        assert frames_of(source, tmp_path / "frames").fault == ""


def test_a_folder_gives_its_videos_below_the_same_folders_and_says_what_is_broken(clips: Path, tmp_path: Path) -> None:
    source = tmp_path / "videos"
    for name, ending in (("crack/one", ".mp4"), ("good/two", ".avi")):
        (source / name).parent.mkdir(parents=True)
        film(source / f"{name}{ending}", (plain(20 * len(name) + number % 2) for number in range(20)))
    (source / "good" / "notes.txt").write_text("hello")
    (source / "good" / "none.mp4").write_text("hello")
    videos, faults, others = videos_below(source)
    assert [video.name for video in videos] == ["crack/one.mp4", "good/two.avi"]
    assert [fault.message for fault in faults] == ["good/none.mp4: is no video (a text)"]
    assert others == 1
    taken = [*extract(videos, tmp_path / "frames", Choice(1.0))]
    assert [Path(frame).parent.as_posix() for video in taken for frame in video.frames] == ["crack"] * 2 + ["good"] * 2


def test_the_same_video_under_two_names_is_taken_once(clips: Path, tmp_path: Path) -> None:
    shutil.copy(clips / "line.mp4", tmp_path / "a.mp4")
    shutil.copy(clips / "line.mp4", tmp_path / "b.mp4")
    first, second = extract(videos_below(tmp_path)[0], tmp_path / "frames", Choice())
    assert len(first.frames) == 3
    assert (second.frames, second.notes) == ((), ("b.mp4: is the same video as a.mp4, and is taken once",))


def test_a_second_run_leaves_all_as_it_is_and_another_choice_is_refused(clips: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    first = frames_of(clips / "line.mp4", frames, every=1.0, most=4)
    assert len(first.frames) == 4
    times = {path: path.stat().st_mtime_ns for path in frames.rglob("*.jpg")}
    second = frames_of(clips / "line.mp4", frames, every=1.0, most=4)
    assert (second.before, second.frames) == (True, first.frames)
    assert {path: path.stat().st_mtime_ns for path in frames.rglob("*.jpg")} == times
    with pytest.raises(LayoutError, match=r"holds frames of line.mp4 that were chosen otherwise \(--every 1s --most 4"):
        frames_of(clips / "line.mp4", frames, every=2.0)
    (frames / first.frames[1]).unlink()
    assert frames_of(clips / "line.mp4", frames, every=1.0, most=4).frames == first.frames
    assert (frames / first.frames[1]).is_file()


def test_a_run_that_stops_in_a_video_leaves_none_of_its_frames(clips: Path, tmp_path: Path) -> None:
    def stop(seconds: float) -> None:
        if seconds:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(extract([video_file(clips / "line.mp4")], tmp_path, Choice(1.0), stop))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    (tmp_path / ".000000000000.part").mkdir()
    assert len(frames_of(clips / "line.mp4", tmp_path, every=1.0).frames) == 6


def test_frames_that_the_service_would_not_take_are_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "small.avi", (plain(number, (48, 64)) for number in range(5)))
    assert frames_of(source, tmp_path / "frames").fault == (
        "small.avi: 48×64 pixels; the service takes no side under 64"
    )
    large = film(tmp_path / "large.avi", (plain(number, (5000, 400)) for number in range(2)))
    taken = frames_of(large, tmp_path / "frames")
    with Image.open(tmp_path / "frames" / taken.frames[0]) as image:
        assert image.size == (4096, 328)


def test_a_video_is_read_in_parts_where_it_is_no_file_here(clips: Path, tmp_path: Path) -> None:
    path = clips / "line.mp4"
    far = Video("line.mp4", path.stat().st_size, lambda: path.open("rb"))
    (taken,) = extract([far], tmp_path, Choice(2.0))
    assert seconds_of(taken) == [0.0, 2.0, 4.0]


def test_a_source_that_fails_on_the_way_is_named_and_not_taken_for_the_end(clips: Path, tmp_path: Path) -> None:
    path = clips / "line.mkv"

    class Failing(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > path.stat().st_size // 2:
                raise OSError("the network is gone")
            return super().read(size) or b""

    far = Video("line.mkv", path.stat().st_size, lambda: Failing(path))  # type: ignore[arg-type, return-value] # reads as a file does
    (taken,) = extract([far], tmp_path, Choice(1.0))
    assert taken.fault.startswith("line.mkv: cannot be read further than second ")
    assert taken.fault.endswith("the network is gone")
    assert not list(tmp_path.rglob("*.jpg"))


@pytest.mark.parametrize("key_frames", [False, True], ids=["every frame", "key frames"])
@pytest.mark.parametrize(
    ("name", "make", "size"),
    [
        ("late.mkv", {"start": 5.0}, SIZE),
        ("late.mp4", {"start": 5.0}, SIZE),
        ("late.ts", {"start": 5.0}, SIZE),
        ("ten bits.mp4", {"pix_fmt": "yuv420p10le"}, SIZE),
        ("grey.mkv", {"pix_fmt": "gray"}, SIZE),
        ("odd.mkv", {"size": (101, 77), "pix_fmt": "yuv444p"}, (101, 77)),
        ("plain", {"codec": "mpeg4"}, SIZE),
    ],
)
def test_both_ways_of_reading_take_the_same_of_unusual_videos(
    tmp_path: Path, name: str, make: dict[str, Any], size: tuple[int, int], key_frames: bool
) -> None:
    source = encoded(tmp_path / (name if "." in name else "line.mp4"), **make)
    if "." not in name:
        source = source.rename(tmp_path / name)
    taken = frames_of(source, tmp_path / "frames", every=1.0, key_frames=key_frames)
    assert (taken.fault, taken.notes) == ("", ())
    assert seconds_of(taken) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert 5.9 <= taken.seconds <= 6.0
    with Image.open(tmp_path / "frames" / taken.frames[1]) as image:
        assert image.size == size


@pytest.mark.parametrize("key_frames", [False, True], ids=["every frame", "key frames"])
def test_what_holds_no_picture_or_one_is_told_apart(tmp_path: Path, key_frames: bool) -> None:
    for ending in (".mp4", ".mkv", ".avi"):
        taken = frames_of(sound(tmp_path / f"talk{ending}"), tmp_path / "frames", key_frames=key_frames)
        assert taken.fault == f"talk{ending}: holds sound, and no pictures"
    none = frames_of(encoded(tmp_path / "none.mkv", 0), tmp_path / "frames", key_frames=key_frames)
    assert none.frames == ()
    assert none.fault.startswith("none.mkv: no picture can be read from it")
    one = frames_of(encoded(tmp_path / "one.mp4", 1), tmp_path / "frames", key_frames=key_frames)
    assert (seconds_of(one), one.fault, one.notes) == ([0.0], "", ())


@pytest.mark.parametrize("key_frames", [False, True], ids=["every frame", "key frames"])
def test_two_recordings_in_one_file_are_read_to_the_end_and_that_is_said(tmp_path: Path, key_frames: bool) -> None:
    body = encoded(tmp_path / "once.ts").read_bytes()
    (tmp_path / "twice.ts").write_bytes(body + body)
    taken = frames_of(tmp_path / "twice.ts", tmp_path / "frames", every=1.0, key_frames=key_frames)
    assert taken.fault == ""
    assert len(taken.frames) == 12
    assert taken.notes == ("twice.ts: its times fall back at second 6: they are counted on from there",)


def test_key_frames_that_are_rarer_than_what_was_asked_for_are_told(tmp_path: Path) -> None:
    source = encoded(tmp_path / "rare.mp4", keys=300)
    taken = frames_of(source, tmp_path / "frames", every=1.0, key_frames=True)
    assert len(taken.frames) == 1
    assert taken.notes == ("rare.mp4: its key frames are up to 6.0 s apart, further than --every 1s",)


def test_a_video_that_is_shorter_than_what_was_asked_for_gives_its_first_picture_and_says_so(
    clips: Path, tmp_path: Path
) -> None:
    taken = frames_of(clips / "line.mp4", tmp_path, every=3600.0)
    assert len(taken.frames) == 1
    assert taken.notes == ("line.mp4: is shorter than --every 3600s: its first picture is taken",)


@pytest.mark.parametrize("choice", [{"every": 0.0}, {"every": -1.0}, {"every": math.inf}, {"most": 0}, {"most": -3}])
def test_a_choice_of_nothing_is_refused(choice: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="has to be"):
        Choice(**choice)


def test_videos_of_one_name_in_two_folders_have_frames_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    film(folder / "crack" / "line.avi", (moving(number) for number in range(20)))
    film(folder / "good" / "line.avi", (moving(number + 7) for number in range(20)))
    videos, _, _ = videos_below(folder)
    names = [name for taken in extract(videos, tmp_path / "frames", Choice(1.0)) for name in taken.frames]
    assert len(names) == 4
    assert len({name.rpartition("/")[2] for name in names}) == 4
