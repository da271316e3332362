"""Ways to spoil a file, shared by several tables."""

import h5py
import numpy as np


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    raw = bytearray(path.read_bytes())
    for place in range(len(raw) // 4, len(raw), len(raw) // 8):
        raw[place] ^= 255
    path.write_bytes(raw)


def replace_first(file, make, root):
    """Put something else where the first array is."""
    found = []
    file.visititems(lambda n, i: found.append(n) if isinstance(i, h5py.Dataset) else None)
    name = next(n for n in found if file[n].ndim)
    shape, dtype = file[name].shape, file[name].dtype
    with h5py.File(root / "secret.h5", "w") as secret:
        secret["x"] = np.zeros(shape, dtype)
    (root / "secret.bin").write_bytes(bytes(4096))
    del file[name]
    make(file, name, shape, dtype, root)


def external(file, name, shape, dtype, root):
    file[name] = h5py.ExternalLink(str(root / "secret.h5"), "/x")


def soft(file, name, shape, dtype, root):
    file[name] = h5py.SoftLink("/nowhere/at/all")


def soft_loop(file, name, shape, dtype, root):
    file[name] = h5py.SoftLink(f"/{name}")


def hard_loop(file):
    """Put a group into itself, by no link that can be seen."""
    group = file.create_group("a")
    group["self"] = group


def hard_loop_of_two(file):
    file.create_group("a/b")
    file["a/b/a"] = file["a"]


def hard_loop_of_all(file):
    file["all"] = file["/"]


def storage(file, name, shape, dtype, root):
    storage = [(str(root / "secret.bin"), 0, h5py.h5f.UNLIMITED)]
    file.create_dataset(name, shape, dtype, external=storage)


def virtual(file, name, shape, dtype, root):
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(str(root / "secret.h5"), "x", shape)
    file.create_virtual_dataset(name, layout)


def put(content):
    """Return what writes other bytes."""
    return lambda path: path.write_bytes(content)
