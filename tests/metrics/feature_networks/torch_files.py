"""Files as PyTorch writes them, put together opcode by opcode: no PyTorch, no pickler."""

import struct
import zipfile

import numpy as np

NAMES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "int64": "LongStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}


def text(value):
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value):
    data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def sequence(*items):
    return b"(" + b"".join(items) + b"t"


def glob(module, name):
    return f"c{module}\n{name}\n".encode()


def call(function, *arguments):
    return function + sequence(*arguments) + b"R"


def pickled(body):
    return b"\x80\x02" + body + b"."


def ordered(*pairs):
    items = b"".join(key + value for key, value in pairs)
    return call(glob("collections", "OrderedDict")) + b"(" + items + b"u"


def storage(key, dtype, numel, legacy, view=None):
    parts = [text("storage"), glob("torch", NAMES[dtype]), text(key), text("cpu"), number(numel)]
    if legacy:
        parts.append(b"N" if view is None else sequence(text("v"), *map(number, view)))
    return sequence(*parts) + b"Q"


def tensor(of, size, stride, offset=0):
    return call(
        glob("torch._utils", "_rebuild_tensor_v2"),
        of,
        number(offset),
        sequence(*map(number, size)),
        sequence(*map(number, stride)),
        b"\x89",
        ordered(),
    )


def plain(arrays, legacy):
    """Body and storages of a state dict, one storage per array."""
    pairs, storages = [], {}
    for i, (name, array) in enumerate(arrays.items()):
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        strides = [stride // array.itemsize for stride in array.strides]
        of = storage(str(i), array.dtype.name, array.size, legacy)
        pairs.append((text(name), tensor(of, array.shape, strides)))
        storages[str(i)] = array
    return ordered(*pairs), storages


def write_legacy(path, body, storages, little=True, magic=0x1950A86A20F9469CFC6C, version=1001):
    """The stream of pickles and raw storages before PyTorch 1.6."""
    info = b"}(" + text("protocol_version") + number(version)
    info += text("little_endian") + (b"\x88" if little else b"\x89") + b"u"
    keys = b"](" + b"".join(text(key) for key in storages) + b"e"
    with open(path, "wb") as file:
        for part in (number(magic), number(version), info, body, keys):
            file.write(pickled(part))
        for array in storages.values():
            file.write(struct.pack("<q", array.size) + array.tobytes())


def write_zip(path, body, storages, order=b"little", compression=zipfile.ZIP_STORED):
    """The archive since PyTorch 1.6."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled(body))
        archive.writestr("archive/byteorder", order)
        for key, array in storages.items():
            archive.writestr(f"archive/data/{key}", array.tobytes())
        archive.writestr("archive/version", b"3\n")


def write(path, arrays, legacy):
    (write_legacy if legacy else write_zip)(path, *plain(arrays, legacy))
