"""A network in the format that OpenCV reads: ONNX, which is protobuf, written with the few messages that it takes.

Source: onnx.proto of ONNX 1.5 (operators of version 10).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_IR_VERSION, _OPERATORS = 5, 10
_FLOATS = 1
"""TensorProto.FLOAT."""

_FLOAT, _INT, _INTS = 1, 2, 7
"""AttributeProto.AttributeType."""

Value = float | int | Sequence[int]


def node(operator: str, inputs: Iterable[str], output: str, **attributes: Value) -> bytes:
    """A step of the network, named as its output is."""
    fields = [_text(1, name) for name in inputs]
    fields += [_text(2, output), _text(3, output), _text(4, operator)]
    fields += [_field(5, _attribute(name, value)) for name, value in attributes.items()]
    return b"".join(fields)


def model(
    nodes: Iterable[bytes],
    constants: Mapping[str, NDArray[np.float32]],
    image: tuple[str, tuple[int, ...]],
    outputs: Iterable[str],
) -> bytes:
    """The network as a file.

    Parameters
    ----------
    nodes : as `node` gives them, each after those whose outputs it takes
    constants : weights, by the names under which nodes take them
    image : name and shape of what is given to it
    outputs : names of what it answers
    """
    graph = [_field(1, step) for step in nodes]
    graph += [_text(2, "network")]
    graph += [_field(5, _tensor(name, values)) for name, values in constants.items()]
    graph += [_field(11, _described(*image)), *(_field(12, _described(name, ())) for name in outputs)]
    return _number(1, _IR_VERSION) + _field(7, b"".join(graph)) + _field(8, _text(1, "") + _number(2, _OPERATORS))


def _attribute(name: str, value: Value) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, _FLOAT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    return _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, _INTS)


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    sides = b"".join(_number(1, side) for side in values.shape)
    return sides + _number(2, _FLOATS) + _text(8, name) + _field(9, values.astype("<f4").tobytes())


def _described(name: str, shape: tuple[int, ...]) -> bytes:
    sides = b"".join(_field(1, _number(1, side)) for side in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, _FLOATS) + _field(2, sides)))


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = []
    while True:
        value, low = value >> 7, value & 0x7F
        parts.append(low | 0x80 if value else low)
        if not value:
            return bytes(parts)
