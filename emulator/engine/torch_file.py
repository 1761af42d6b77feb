"""Tensors of a file that PyTorch wrote, read as numbers: nothing in it is unpickled, so nothing in it can run.

The format before that of zip archives (PyTorch 1.5 and earlier): three pickles of little, one that tells of each tensor
its name, its storage, its shape and its strides, one that lists the storages, and then those, each after its length.
"""

import io
import pickletools
import struct
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

_PREFACE = 3
_TYPES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}

Tensor = NDArray[np.float32]


class _Plan(NamedTuple):
    """What the file says of a tensor; its strides are in elements."""

    name: str
    type: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(data: bytes) -> dict[str, Tensor]:
    """The tensors of floating-point numbers, by their names.

    Raises
    ------
    ValueError : another file, or a damaged one
    """
    file = io.BytesIO(data)
    try:
        for _ in range(_PREFACE):
            _words(file)
        plans = _plans(_words(file))
        return {
            plan.name: tensor
            for plan, tensor in [_tensor(file, plans[str(key)]) for key in _words(file)]
            if plan.type == "<f4"
        }
    except (KeyError, IndexError, struct.error) as error:
        raise ValueError("no file of tensors that PyTorch wrote, or a damaged one") from error


def _words(file: BinaryIO) -> list[str | int]:
    """The texts and numbers in a pickle, in order; what it would do with them is not looked at."""
    words: list[str | int] = []
    memo: dict[str, str | int] = {}
    latest: str | int | None = None
    for operation, argument, _ in pickletools.genops(file):
        if "PUT" in operation.name:
            if latest is not None:
                memo[str(argument)] = latest
        elif "GET" in operation.name:
            words += [memo[str(argument)]] if str(argument) in memo else []
        elif operation.name != "PROTO" and isinstance(argument, str | int):
            words.append(argument)
            latest = argument
        else:
            latest = None
    return words


def _plans(words: list[str | int]) -> dict[str, _Plan]:
    """Of each storage, by its key, the tensor that it holds."""
    plans = {}
    for at, word in enumerate(words):
        if word != "storage":
            continue
        # name, what would rebuild it, "storage", type, key, device, length, offset, shape …, strides …
        name, kind, key = str(words[at - 2]), _TYPES[str(words[at + 1])], str(words[at + 2])
        end = next((later for later in range(at + 5, len(words)) if isinstance(words[later], str)), len(words))
        sides = [int(number) for number in words[at + 6 : end]]
        half = len(sides) // 2
        plans[key] = _Plan(name, kind, tuple(sides[:half]), tuple(sides[half:]))
    return plans


def _tensor(file: BinaryIO, plan: _Plan) -> tuple[_Plan, Tensor]:
    (length,) = struct.unpack("<q", file.read(8))
    body = file.read(length * np.dtype(plan.type).itemsize)
    values = np.frombuffer(body, plan.type)
    reach = 1 + sum((side - 1) * stride for side, stride in zip(plan.shape, plan.strides, strict=True))
    if not len(values) == length == reach == int(np.prod(plan.shape)):
        raise ValueError(f"{plan.name}: its numbers do not fill its shape")
    strides = [stride * values.itemsize for stride in plan.strides]
    return plan, as_strided(values, plan.shape, strides, writeable=False).copy()
