"""Model files: the fields of a model as arrays of plain numbers, stored and read without pickle."""

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np

from customlabels.core.files import written_aside

Model = TypeVar("Model")

# What numpy and zipfile raise on a foreign file; NotImplementedError on a compression that zipfile does not know.
_DAMAGED = (KeyError, EOFError, OSError, ValueError, AttributeError, TypeError, NotImplementedError, BadZipFile)


def write(model: Any, path: Path) -> None:
    """Writes a model, a dataclass of arrays, whole or not at all."""
    with written_aside(path) as file:
        np.savez(file, allow_pickle=False, **{field.name: getattr(model, field.name) for field in fields(model)})


def read(kind: type[Model], path: Path) -> Model:
    """The model of a kind in a file that `write` wrote.

    Raises
    ------
    ValueError : another file
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            # What has a default was not written by earlier releases.
            values: dict[str, Any] = {
                field.name: arrays[field.name]
                for field in fields(kind)  # type: ignore[arg-type] # Model is always a dataclass
                if field.name in arrays or field.default is MISSING
            }
    except _DAMAGED as error:
        raise ValueError(f"{path}: no model of this engine") from error
    values |= {name: str(value) for name, value in values.items() if value.dtype.kind == "U" and value.ndim == 0}
    values["labels"] = tuple(str(label) for label in values["labels"])
    return kind(**values)
