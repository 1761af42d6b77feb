import pickle
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from customlabels.emulator.customlabels import inference
from customlabels.emulator.engine import classifier, features, onnx_file, pretrained
from customlabels.emulator.engine.torch_file import read_tensors

installed = pytest.mark.skipif(pretrained.weights_file() is None, reason="the extra local is not installed")


@pytest.fixture
def anew() -> Iterator[None]:
    """Whether the network is there is found out anew, before and after."""
    pretrained.is_there.cache_clear()
    pretrained._network.cache_clear()
    yield
    pretrained.is_there.cache_clear()
    pretrained._network.cache_clear()


def text(word: str) -> bytes:
    return b"X" + struct.pack("<i", len(word.encode())) + word.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def torch_file(tensors: dict[str, np.ndarray]) -> bytes:
    """A file as PyTorch 1.5 writes it, each tensor with the strides that it has here."""
    described, bodies = [], []
    for key, (name, tensor) in enumerate(tensors.items()):
        strides = [stride // tensor.itemsize for stride in tensor.strides]
        described += [
            text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage"),
            b"ctorch\nFloatStorage\n" + text(str(key)) + text("cpu") + number(tensor.size) + b"NtQ" + number(0),
            b"(" + b"".join(map(number, tensor.shape)) + b"t(" + b"".join(map(number, strides)),
            b"t\x89ccollections\nOrderedDict\n)RtR",
        ]
        order = np.argsort([-stride for stride in tensor.strides], kind="stable")
        bodies.append(struct.pack("<q", tensor.size) + tensor.transpose(order).tobytes())
    preface = [pickle.dumps(value, protocol=2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    keys = pickle.dumps([str(key) for key in range(len(tensors))], protocol=2)
    return b"".join([*preface, b"\x80\x02}(", *described, b"u.", keys, *bodies])


SHAPES = arrays.array_shapes(max_dims=4, max_side=4)
TURNED = arrays.arrays(np.float32, SHAPES, elements=st.floats(-9, 9, width=32)).flatmap(
    lambda tensor: st.permutations(range(tensor.ndim)).map(lambda axes: np.transpose(tensor, axes))
)


@settings(max_examples=40)
@given(st.lists(TURNED, max_size=4))
def test_tensors_come_back_as_they_were_written_whichever_way_they_lie(tensors: list[np.ndarray]) -> None:
    named = {f"layer{count}.weight": tensor for count, tensor in enumerate(tensors)}
    read = read_tensors(torch_file(named))
    assert read.keys() == named.keys()
    for name, tensor in named.items():
        np.testing.assert_array_equal(read[name], tensor)


@pytest.mark.parametrize("cut", [3, 20, 60, 200, -1])
def test_a_file_of_tensors_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_tensors(torch_file({"a.weight": np.ones((3, 5), np.float32)})[:cut])


def test_what_a_file_would_have_run_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    order = b"cos\nsystem\n" + b"(" + text(f"touch {ran}") + b"tR."
    whole = torch_file({"a.weight": np.ones(3, np.float32)})
    preface = whole.index(b"\x80\x02}(")
    with pytest.raises(ValueError, match=r"."):
        read_tensors(whole[:preface] + b"\x80\x02" + order + whole[preface:])
    assert not ran.exists()


def convolved(planes: np.ndarray, kernel: np.ndarray, bias: np.ndarray, step: int, alone: bool) -> np.ndarray:
    """By hand, (channels, rows, columns), of sides that the step divides; what is odd of a padding goes to the end."""
    odd = kernel.shape[2] - step
    pads = (odd // 2, odd - odd // 2)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(planes, ((0, 0), pads, pads)), kernel.shape[2:], (1, 2))
    windows = windows[:, ::step, ::step]
    how = "crsij,cij->crs" if alone else "crsij,ocij->ors"
    answers: np.ndarray = np.einsum(how, windows, kernel[:, 0] if alone else kernel) + bias[:, None, None]
    return answers


@pytest.mark.parametrize(
    ("side", "step", "alone"), [(1, 1, False), (3, 1, True), (3, 2, False), (5, 2, True), (5, 1, True)]
)
def test_opencv_runs_what_is_written_out_as_it_is_by_hand(side: int, step: int, alone: bool) -> None:
    random = np.random.default_rng(0)
    planes = random.normal(0, 1, (4, 16, 16)).astype(np.float32)
    kernel = random.normal(0, 1, (4, 1 if alone else 4, side, side)).astype(np.float32)
    bias = random.normal(0, 1, 4).astype(np.float32)
    before, after = (side - step) // 2, side - step - (side - step) // 2
    steps = [
        onnx_file.node(
            "Conv",
            ("image", "kernel", "bias"),
            "convolved",
            kernel_shape=(side, side),
            strides=(step, step),
            pads=(before, before, after, after),
            dilations=(1, 1),
            group=4 if alone else 1,
        ),
        onnx_file.node("ReLU6", ("convolved",), "bounded"),
    ]
    file = onnx_file.model(steps, {"kernel": kernel, "bias": bias}, ("image", (1, 4, 16, 16)), ("bounded",))
    network = cv2.dnn.readNetFromONNX(np.frombuffer(file, np.uint8))
    network.setInput(planes[None])
    wanted = np.clip(convolved(planes, kernel, bias, step, alone), 0, 6)
    np.testing.assert_allclose(network.forward(["bounded"])[0][0], wanted, atol=1e-4)


@installed
def test_the_first_stage_says_what_its_weights_say() -> None:
    path = pretrained.weights_file()
    assert path is not None
    tensors = read_tensors(path.read_bytes())
    file, outputs = pretrained.graph(tensors, 32, (0,))
    network = cv2.dnn.readNetFromONNX(np.frombuffer(file, np.uint8))
    image = np.random.default_rng(0).normal(0, 0.5, (3, 32, 32)).astype(np.float32)
    network.setInput(image[None])
    (answer,) = network.forward(outputs)

    def layer(planes: np.ndarray, name: str, norm: str, step: int, alone: bool) -> np.ndarray:
        mean, variance, gain, offset = (
            tensors[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        scale = gain / np.sqrt(variance + 1e-3)
        kernel = tensors[f"{name}.weight"]
        return scale[:, None, None] * convolved(planes, kernel, -mean, step, alone) + offset[:, None, None]

    planes = np.clip(layer(image, "_conv_stem", "_bn0", 2, alone=False), 0, 6)
    planes = np.clip(layer(planes, "_blocks.0._depthwise_conv", "_blocks.0._bn1", 1, alone=True), 0, 6)
    planes = layer(planes, "_blocks.0._project_conv", "_blocks.0._bn2", 1, alone=False)
    np.testing.assert_allclose(answer[0], planes, atol=1e-3)


@installed
@pytest.mark.parametrize("shape", [(64, 64), (64, 1280, 3), (333, 97)])
def test_the_network_describes_every_image_at_the_same_length_and_the_same_each_time(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    row = features.describe(image, pretrained.NAME)
    assert row.shape == features.weights(pretrained.NAME).shape
    assert np.isfinite(row).all()
    np.testing.assert_array_equal(features.describe(image, pretrained.NAME), row)
    assert features.weights(pretrained.NAME).sum() == pytest.approx(1)


def test_without_the_package_images_are_described_by_hand(anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, pretrained.PACKAGE, None)
    assert features.describer() == features.BY_HAND
    image = np.zeros((64, 64), np.uint8)
    np.testing.assert_array_equal(features.describe(image), features.describe(image, features.BY_HAND))
    assert features.describe(image).shape == features.weights().shape


def test_other_weights_than_the_known_ones_are_not_used_and_that_is_said(
    anew: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / pretrained.PACKAGE / "models" / "efficientnet-lite0-57934424.pth"
    file.parent.mkdir(parents=True)
    (tmp_path / pretrained.PACKAGE / "__init__.py").touch()
    file.write_bytes(b"others")
    monkeypatch.delitem(sys.modules, pretrained.PACKAGE, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert features.describer() == features.BY_HAND
    assert "holds other weights" in caplog.text


def test_a_model_of_a_network_that_is_gone_says_what_to_install(
    anew: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, pretrained.PACKAGE, None)
    rows, truth = np.eye(4, dtype=np.float32), np.eye(2, dtype=bool)[[0, 0, 1, 1]]
    model = classifier.fit(rows, truth, ("a", "b"), 0, described_by=pretrained.NAME)
    classifier.save(model, tmp_path / "model.npz")
    loaded = classifier.load(tmp_path / "model.npz")
    assert loaded.described_by == pretrained.NAME
    image = cv2.imencode(".png", np.zeros((64, 64), np.uint8))[1].tobytes()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'customlabels\[local\]'"):
        inference.predicted(loaded, image, tmp_path)


def test_a_model_of_an_earlier_release_is_one_by_hand(tmp_path: Path) -> None:
    rows, truth = np.eye(4, dtype=np.float32), np.eye(2, dtype=bool)[[0, 0, 1, 1]]
    classifier.save(classifier.fit(rows, truth, ("a", "b"), 0), tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as kept:
        np.savez(tmp_path / "earlier.npz", **{name: kept[name] for name in kept if name != "described_by"})
    assert classifier.load(tmp_path / "earlier.npz").described_by == ""
