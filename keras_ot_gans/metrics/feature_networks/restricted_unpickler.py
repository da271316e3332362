"""An unpickler that can make tensors' records and ordered dictionaries, and nothing else."""

import pickle
import pickletools
import reprlib
import warnings
from collections import OrderedDict
from typing import Any, BinaryIO, NamedTuple

_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}


class Storage(NamedTuple):
    """Where the numbers of a tensor lie.

    Attributes:
        key: name of the storage in the file.
        dtype: NumPy's name of its numbers' type.
        numel: how many numbers it should have.
        view: `(offset, size)` of the part that counts; `None` for all.
    """

    key: str
    dtype: str
    numel: int
    view: tuple[int, int] | None


class Tensor(NamedTuple):
    """A tensor as the file describes it, unchecked.

    Attributes:
        storage: `Storage`.
        offset: index of its first number.
        size: its shape.
        stride: steps of each axis, in numbers.
    """

    storage: Any
    offset: Any
    size: Any
    stride: Any


class StorageClass(NamedTuple):
    """A storage class that the file names.

    Attributes:
        dtype: NumPy's name of its numbers' type.
    """

    dtype: str


class _Unpickler(pickle.Unpickler):
    """Unpickler that makes records of tensors and knows nothing else.

    What `find_class` gives is made for this one stream: whatever the stream does to it
    is forgotten afterwards, and `_arrays` trusts none of the results.
    """

    def __init__(self, file: BinaryIO):
        super().__init__(file, encoding="utf-8")

        def rebuild_tensor(storage, offset, size, stride, *gradient_and_hooks):
            return Tensor(storage, offset, size, stride)

        def rebuild_parameter(data, *gradient_and_hooks):
            return data

        def ordered_dict():
            return OrderedDict()

        self._known = {
            ("collections", "OrderedDict"): ordered_dict,
            ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
            ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
            **{("torch", name): StorageClass(dtype) for name, dtype in _DTYPES.items()},
        }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which is no part of a state dict"
            )
        return self._known[module, name]

    def persistent_load(self, pid: Any) -> Storage:
        """Read `('storage', class, key, device, numel[, view])`."""
        kind, storage, key, _, numel, *view = pid
        if kind != "storage" or not isinstance(storage, StorageClass):
            raise pickle.UnpicklingError(f"it asks for a persistent {reprlib.repr(kind)}")
        view = view[0] if view else None
        return Storage(str(key), storage.dtype, numel, None if view is None else view[1:3])


def load_pickle(file: BinaryIO) -> Any:
    """Load the next pickle of a file, with records in place of tensors.

    The opcodes are looked through first: an index into the unpickler's memo makes it
    reserve memory up to that index, so one beyond the number of opcodes, which no
    pickler writes, would cost gigabytes.

    Args:
        file: seekable binary file, left behind the pickle.

    Returns:
        What was pickled: numbers, strings, containers, `Tensor` and `Storage` records.
        The records' fields are whatever the file says: check them.

    Raises:
        pickle.UnpicklingError: if the file asks for anything else, by name; damaged
            files raise what `pickle` raises for them.

    Example:
        >>> import io
        >>> load_pickle(io.BytesIO(pickle.dumps({"a": 1})))
        {'a': 1}
        >>> load_pickle(io.BytesIO(pickle.dumps(print)))
        Traceback (most recent call last):
        _pickle.UnpicklingError: it asks for builtins.print, which is no part of a state dict
    """
    start = file.tell()
    with warnings.catch_warnings():
        # Text with a backslash, in opcodes that are refused later.
        warnings.simplefilter("ignore", DeprecationWarning)
        for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and argument > count:
                raise pickle.UnpicklingError(f"it asks for {argument} memo entries")
    file.seek(start)
    return _Unpickler(file).load()
