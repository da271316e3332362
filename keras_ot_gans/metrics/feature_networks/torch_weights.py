"""Read a state dict that PyTorch saved, without PyTorch and without running the file.

A `.pth` file holds pickles, and a pickle can call whatever it names. The unpickler here
knows a handful of names, gives records in place of tensors, and refuses everything else; the
records are checked against the storages before an array is made.
"""

import io
import os
import pickle
import reprlib
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from keras_ot_gans.metrics.feature_networks.restricted_unpickler import (
    Storage,
    Tensor,
    load_pickle,
)

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
# What a damaged or hostile stream makes `pickle` and the checks on its result raise.
_ERRORS = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_torch_state_dict(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the tensors of a state dict that `torch.save` wrote.

    Reads both formats: the zip archive of PyTorch 1.6 and later, and the stream of
    pickles before it. Nothing that the file names is imported or called, beyond making
    ordered dictionaries, tensors and parameters.

    Args:
        path: the file, a dictionary of names to tensors.

    Returns:
        dict of NumPy arrays, each its own memory, under the names in the file's order.

    Raises:
        ValueError: if the file is no such file, is truncated or damaged, describes a
            tensor that does not lie within its storage, or asks for anything else. The
            message names the file and what it asked for.
        OSError: if the file cannot be read.

    Example:
        >>> read_torch_state_dict("weights.pth")
        Traceback (most recent call last):
        FileNotFoundError: [Errno 2] No such file or directory: 'weights.pth'

    Source: the formats as `torch.serialization` writes them.
    Differs: sparse, quantised and bfloat16 tensors, compressed archives and the tar files
        before PyTorch 0.1.10 are refused.
    """
    path = Path(path)
    with open(path, "rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
        file.seek(0)
        try:
            entries, storages = (_read_zip if zipped else _read_legacy)(file)
            return _arrays(entries, storages)
        except _ERRORS as error:
            raise ValueError(
                f"`path` must be an undamaged PyTorch state dict. Received: {str(path)!r}: "
                f"{error or type(error).__name__}. Get the file again."
            ) from error


def _read_zip(file: BinaryIO) -> tuple[Any, dict[str, bytes]]:
    """State dict of records and storages of the format since PyTorch 1.6."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise ValueError(f"it must hold one data.pkl and holds {len(pickles)}")
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise ValueError("its members are compressed, which PyTorch never does")
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
            raise ValueError("it was saved on a big-endian machine")
        entries = load_pickle(io.BytesIO(archive.read(pickles[0])))
        prefix = f"{folder}data/"
        members = [name for name in names if name.startswith(prefix)]
        return entries, {name.removeprefix(prefix): archive.read(name) for name in members}


def _read_legacy(file: BinaryIO) -> tuple[Any, dict[str, bytes]]:
    """State dict of records and storages of the format before PyTorch 1.6."""
    if load_pickle(file) != _LEGACY_MAGIC:
        raise ValueError("it is in no format of PyTorch")
    if (protocol := load_pickle(file)) != _LEGACY_PROTOCOL:
        raise ValueError(f"it has the unknown protocol {reprlib.repr(protocol)}")
    if not load_pickle(file)["little_endian"]:
        raise ValueError("it was saved on a big-endian machine")
    entries = load_pickle(file)
    keys = [str(key) for key in load_pickle(file)]
    itemsizes = {
        tensor.storage.key: np.dtype(tensor.storage.dtype).itemsize
        for _, tensor in _named_tensors(entries)
    }
    storages = {}
    for key in keys:
        if key not in itemsizes:
            raise ValueError(f"no tensor uses its storage {key!r}")
        size = int.from_bytes(_exactly(file, 8, key), "little") * itemsizes[key]
        storages[key] = _exactly(file, size, key)
    return entries, storages


def _exactly(file: BinaryIO, count: int, key: str) -> bytes:
    """Read `count` bytes, after seeing that the file has them."""
    left = os.fstat(file.fileno()).st_size - file.tell()
    if count > left:
        raise ValueError(f"it is truncated: storage {key!r} needs {count} bytes, {left} are left")
    return file.read(count)


def _named_tensors(entries: Any) -> list[tuple[str, Tensor]]:
    """Names and records, each record naming a storage."""
    if not isinstance(entries, dict) or not entries:
        raise ValueError(f"it must hold a dictionary of tensors and holds {type(entries).__name__}")
    for name, tensor in entries.items():
        known = isinstance(tensor, Tensor) and isinstance(tensor.storage, Storage)
        if not (known and isinstance(name, str)):
            raise ValueError(
                f"its entry {reprlib.repr(name)} must be a tensor and is {type(tensor).__name__}"
            )
    return list(entries.items())


def _arrays(entries: Any, storages: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Arrays of all records."""
    arrays = {}
    for name, tensor in _named_tensors(entries):
        key, dtype, numel, _ = tensor.storage
        if key not in storages:
            raise ValueError(f"storage {key!r} of {name!r} is missing")
        numbers = np.frombuffer(storages[key], dtype)
        if len(numbers) != numel:
            raise ValueError(
                f"storage {key!r} of {name!r} must hold {reprlib.repr(numel)} numbers and holds "
                f"{len(numbers)}"
            )
        arrays[name] = _array(name, tensor, numbers)
    return arrays


def _array(name: str, tensor: Tensor, numbers: np.ndarray) -> np.ndarray:
    """Copy of the part of a storage that a record describes, bounds checked."""
    view = tensor.storage.view or (0, len(numbers))
    _, offset, size, stride = tensor
    counts = (*view, offset, *size, *stride)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError(
            f"{name!r} has an offset, size or stride that is no count: {reprlib.repr(counts)}"
        )
    start, length = view
    last = offset + sum((side - 1) * step for side, step in zip(size, stride, strict=True))
    empty = 0 in size
    if start + length > len(numbers) or (not empty and last >= length):
        raise ValueError(
            f"{name!r} reaches beyond its storage: offset {offset}, size {size}, stride {stride}, "
            f"{length} numbers"
        )
    if empty:
        return np.zeros(size, numbers.dtype)
    if np.prod(size, dtype=object) > length:
        # A stride of 0 would let a small file fill the memory.
        raise ValueError(f"{name!r} repeats its numbers: size {size}, {length} numbers")
    steps = tuple(step * numbers.itemsize for step in stride)
    part = numbers[start + offset : start + length]
    return np.lib.stride_tricks.as_strided(part, size, steps, writeable=False).copy()
