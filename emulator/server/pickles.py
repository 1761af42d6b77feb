"""What moto holds, as bytes and back: its services' states are graphs of its own classes, which have no other form.

Only ever read from a folder that nobody else can write (see serving.py): to read a pickle is to run what it says.
Backends name each other rather than being written twice, so that each is kept by itself; code that moto made up on the
way, locks and clocks are made anew, and so are threads, which have ended then; what is large lies in files of its own.
"""

import gc
import hashlib
import importlib
import io
import marshal
import pickle
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.moto_api._internal.moto_random import MotoRandom

from customlabels.core.files import written_aside

_LARGE = 64 * 1024
"""Bytes from which on something lies in a file of its own."""

_PLAIN = {str, int, float, bool, type(None), dict, list, tuple, set}
_LOCKS: dict[type, Callable[[], Any]] = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
}


def name_of(backend: BaseBackend) -> str:
    """What a service's state in a region is kept under."""
    kind = type(backend)
    return f"{kind.__module__}:{kind.__qualname__}:{backend.account_id}:{backend.region_name}"


def backend_of(name: str) -> BaseBackend:
    """The backend that a name is of, its service imported."""
    module, kind, account, region = name.split(":")
    held: BaseBackend = _backends(module, kind)[account][region]
    return held


class Unkeepable(OSError):
    """moto holds something that has no form on disk."""


def dumps(value: Any) -> bytes:
    """A value without large parts."""
    return dumps_with_blobs(value, None)[0]


def dumps_with_blobs(value: Any, folder: Path | None) -> tuple[bytes, set[str]]:
    """A value, and the names of the files in `folder` that its large parts are in.

    Raises
    ------
    Unkeepable : something in it cannot be written
    """
    written = io.BytesIO()
    pickler = _Pickler(written, folder)
    try:
        pickler.dump(value)
    except (TypeError, AttributeError, ValueError, pickle.PicklingError) as error:
        raise Unkeepable(f"what was asked for cannot be kept: {error}") from error
    return written.getvalue(), pickler.blobs


def loads(content: bytes, folder: Path | None = None) -> Any:
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _Unpickler(io.BytesIO(content), folder).load()
    finally:
        if collecting:
            gc.enable()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, folder: Path | None) -> None:
        super().__init__(file, protocol=5)
        self._folder = folder
        self.blobs: set[str] = set()

    def persistent_id(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return None
        if kind is bytes:
            return self._blob(value) if self._folder is not None and len(value) >= _LARGE else None
        if isinstance(value, BaseBackend):
            return "backend", name_of(value)
        if isinstance(value, BackendDict):
            return "backends", value.backend.__module__, value.backend.__qualname__
        if isinstance(value, AccountSpecificBackend):
            return "account", value.backend.__module__, value.backend.__qualname__, value.account_id
        return ("random",) if isinstance(value, MotoRandom) else None

    def reducer_override(self, value: Any) -> Any:
        kind = type(value)
        if kind in _LOCKS:
            return _LOCKS[kind], ()
        if kind is threading.Condition:
            return threading.Condition, ()
        if kind is weakref.WeakValueDictionary:
            return weakref.WeakValueDictionary, (dict(value.items()),)
        if kind is weakref.ReferenceType:
            return weakref.ref, (value(),)
        if isinstance(value, threading.Thread):
            own = {name: held for name, held in vars(value).items() if name not in vars(threading.Thread())}
            return _ended, (kind,), own
        if kind.__module__.startswith("cryptography."):
            return _key(value)
        if isinstance(value, defaultdict) and kind is not defaultdict:
            # What one is pickled as calls its class as defaultdict's own is called.
            about = (value.default_factory, dict(value.__dict__))
            return _empty, (kind,), about, None, iter(value.items()), _fill
        if kind is FunctionType and "<" in value.__qualname__:
            cells = tuple(cell.cell_contents for cell in value.__closure__ or ())
            return _function, (marshal.dumps(value.__code__), value.__module__, value.__defaults__, cells)
        return NotImplemented

    def _blob(self, content: bytes) -> tuple[str, str]:
        name = hashlib.sha256(content).hexdigest()
        self.blobs.add(name)
        path = (self._folder or Path()) / name
        if not path.exists():
            with written_aside(path) as file:
                file.write(content)
        return "blob", name


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, folder: Path | None) -> None:
        super().__init__(file)
        self._folder = folder

    def persistent_load(self, number: Any) -> Any:
        kind, *rest = number
        if kind == "backend":
            return backend_of(rest[0])
        if kind == "backends":
            return _backends(*rest)
        if kind == "account":
            return _backends(rest[0], rest[1])[rest[2]]
        if kind == "random":
            from moto.moto_api._internal import mock_random

            return mock_random
        return ((self._folder or Path()) / rest[0]).read_bytes()


def _empty(kind: Any) -> Any:
    return kind.__new__(kind)


def _fill(value: Any, about: tuple[Any, dict[str, Any]]) -> None:
    value.default_factory = about[0]
    value.__dict__.update(about[1])


def _ended(kind: Any) -> Any:
    """A thread of that kind, whose own attributes are still to be set."""
    thread = kind.__new__(kind)
    threading.Thread.__init__(thread)
    return thread


def _key(value: Any) -> Any:
    """What makes a key of its standard form; for anything else of that library, pickle's own way."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    if hasattr(value, "private_bytes"):
        return _private_key, (value.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
    if hasattr(value, "public_bytes"):
        return _public_key, (value.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),)
    return NotImplemented


def _private_key(content: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(content, None)


def _public_key(content: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(content)


def _function(code: bytes, module: str, defaults: tuple[Any, ...] | None, cells: tuple[Any, ...]) -> FunctionType:
    """A function that was made within another of moto's."""
    from types import CellType

    compiled: CodeType = marshal.loads(code)  # noqa: S302 - as trusted as the pickle that it comes of
    scope = vars(importlib.import_module(module))
    return FunctionType(compiled, scope, None, defaults, tuple(CellType(value) for value in cells))


def _backends(module: str, kind: str) -> Any:
    values = vars(importlib.import_module(module)).values()
    return next(value for value in values if isinstance(value, BackendDict) and value.backend.__qualname__ == kind)
