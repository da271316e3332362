"""The restricted reader, on files that are written opcode by opcode."""

import zipfile

import numpy as np
import pytest

from keras_ot_gans.metrics.feature_networks.torch_weights import read_torch_state_dict
from tests.metrics.feature_networks import torch_files as files

FORMATS = pytest.mark.parametrize("legacy", [True, False], ids=["legacy", "zip"])


def some_arrays():
    rng = np.random.default_rng(0)
    return {
        "conv.weight": rng.normal(size=(4, 3, 2, 5)).astype("float32"),
        "half": rng.normal(size=(3,)).astype("float16"),
        "double": rng.normal(size=(2, 2)),
        "bn.num_batches_tracked": np.array(7),
        "bytes": np.array([[0, 255]], dtype="uint8"),
        "mask": np.array([True, False]),
        "empty": np.zeros((0, 3), "float32"),
    }


def write_one(path, legacy, of, data, size, stride, offset=0):
    body = files.ordered((files.text("w"), files.tensor(of, size, stride, offset)))
    (files.write_legacy if legacy else files.write_zip)(path, body, {"0": data})


@FORMATS
def test_arrays_come_back_as_they_were(tmp_path, legacy):
    arrays = some_arrays()
    files.write(tmp_path / "w.pth", arrays, legacy)
    found = read_torch_state_dict(tmp_path / "w.pth")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.owndata and found[name].flags.writeable


@FORMATS
def test_strides_offsets_and_shared_storages(tmp_path, legacy):
    data = np.arange(12, dtype="float32")
    of = files.storage("0", "float32", 12, legacy)
    body = files.ordered(
        (files.text("transposed"), files.tensor(of, (4, 3), (1, 4))),
        (files.text("slice"), files.tensor(of, (2, 2), (4, 2), 5)),
        (files.text("scalar"), files.tensor(of, (), (), 11)),
    )
    (files.write_legacy if legacy else files.write_zip)(tmp_path / "w.pth", body, {"0": data})
    found = read_torch_state_dict(tmp_path / "w.pth")
    np.testing.assert_array_equal(found["transposed"], data.reshape(3, 4).T)
    np.testing.assert_array_equal(found["slice"], [[5, 7], [9, 11]])
    np.testing.assert_array_equal(found["scalar"], 11)


def test_view_of_a_legacy_storage(tmp_path):
    data = np.arange(9, dtype="float32")
    of = files.storage("0", "float32", 9, True, view=(4, 3))
    write_one(tmp_path / "w.pth", True, of, data, (2,), (1,), offset=1)
    np.testing.assert_array_equal(read_torch_state_dict(tmp_path / "w.pth")["w"], [5, 6])


@FORMATS
def test_parameters_and_attributes_of_the_dictionary(tmp_path, legacy):
    # Modules' dictionaries carry an attribute `_metadata`, set by the opcode BUILD.
    of = files.tensor(files.storage("0", "float32", 2, legacy), (2,), (1,))
    parameter = files.call(files.glob("torch._utils", "_rebuild_parameter"), of, b"\x88", b"N")
    body = files.ordered((files.text("w"), parameter))
    body += b"}" + files.text("_metadata") + files.ordered() + b"sb"
    data = {"0": np.array([1, 2], "float32")}
    (files.write_legacy if legacy else files.write_zip)(tmp_path / "w.pth", body, data)
    np.testing.assert_array_equal(read_torch_state_dict(tmp_path / "w.pth")["w"], [1, 2])


@FORMATS
@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("torch", "load"),
        ("torch", "BFloat16Storage"),
        ("torch._utils", "_rebuild_sparse_tensor"),
        ("collections", "OrderedDict.fromkeys"),
    ],
)
def test_nothing_else_is_named_let_alone_called(tmp_path, legacy, module, name):
    made = tmp_path / "made"
    body = files.call(files.glob(module, name), files.text(f"touch {made}"))
    (files.write_legacy if legacy else files.write_zip)(tmp_path / "w.pth", body, {})
    with pytest.raises(ValueError, match=rf"w\.pth'?: it asks for {module}\.{name}, which is no"):
        read_torch_state_dict(tmp_path / "w.pth")
    assert not made.exists()


@FORMATS
def test_memory_is_not_reserved_for_the_asking(tmp_path, legacy):
    body = b"}r" + (2**31 - 1).to_bytes(4, "little")  # LONG_BINPUT: 16 GiB of memo
    (files.write_legacy if legacy else files.write_zip)(tmp_path / "w.pth", body, {})
    with pytest.raises(ValueError, match="it asks for 2147483647 memo entries"):
        read_torch_state_dict(tmp_path / "w.pth")


@pytest.mark.parametrize("position", range(5))
def test_every_pickle_of_a_legacy_file_is_restricted(tmp_path, position):
    parts = [files.number(1), files.number(1001), b"}", files.ordered(), b"]"]
    parts[0] = files.number(0x1950A86A20F9469CFC6C)
    parts[2] = b"}" + files.text("little_endian") + b"\x88s"
    of = files.tensor(files.storage("0", "float32", 1, True), (1,), (1,))
    parts[3] = files.ordered((files.text("w"), of))
    parts[position] = files.call(files.glob("os", "getcwd"))
    (tmp_path / "w.pth").write_bytes(b"".join(files.pickled(part) for part in parts))
    with pytest.raises(ValueError, match=r"it asks for os\.getcwd"):
        read_torch_state_dict(tmp_path / "w.pth")


@FORMATS
@pytest.mark.parametrize(
    ("size", "stride", "offset", "message"),
    [
        ((7,), (1,), 0, "reaches beyond its storage"),
        ((2, 3), (4, 1), 0, "reaches beyond its storage"),
        ((6,), (1,), 1, "reaches beyond its storage"),
        ((1,), (1,), -1, "no count"),
        ((6,), (-1,), 5, "no count"),
        ((-1,), (1,), 0, "no count"),
        ((2, 3), (1,), 0, "shorter"),
        ((10**6, 10**6), (0, 0), 0, "repeats its numbers"),
        ((2**80,), (1,), 0, "reaches beyond its storage"),
    ],
)
def test_tensors_must_lie_within_their_storage(tmp_path, legacy, size, stride, offset, message):
    of = files.storage("0", "float32", 6, legacy)
    write_one(tmp_path / "w.pth", legacy, of, np.zeros(6, "float32"), size, stride, offset)
    with pytest.raises(ValueError, match=message):
        read_torch_state_dict(tmp_path / "w.pth")


@FORMATS
@pytest.mark.parametrize("numel", [5, 7, 2**62])
def test_storages_must_have_their_size(tmp_path, legacy, numel):
    of = files.storage("0", "float32", numel, legacy)
    write_one(tmp_path / "w.pth", legacy, of, np.zeros(6, "float32"), (2,), (1,))
    with pytest.raises(ValueError, match=f"'w' must hold {numel} numbers and holds 6"):
        read_torch_state_dict(tmp_path / "w.pth")


@FORMATS
def test_a_storage_may_not_be_missing(tmp_path, legacy):
    body = files.ordered(
        (files.text("w"), files.tensor(files.storage("1", "float32", 6, legacy), (2,), (1,)))
    )
    (files.write_legacy if legacy else files.write_zip)(tmp_path / "w.pth", body, {})
    with pytest.raises(ValueError, match="storage '1' of 'w' is missing"):
        read_torch_state_dict(tmp_path / "w.pth")


@FORMATS
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"K\x01", "a dictionary of tensors and holds int"),
        (b"}", "a dictionary of tensors and holds dict"),
        (b"}" + files.text("epoch") + b"K\x01s", "'epoch' must be a tensor and is int"),
        (b"}K\x01K\x01s", "1 must be a tensor"),
        (
            files.sequence(files.text("module"), b"N", b"N", b"N", b"N") + b"Q",
            "persistent 'module'",
        ),
        (files.text("x") + b"Q", "unpack"),
        (b"R", "Received"),
    ],
)
def test_other_contents(tmp_path, legacy, body, message):
    (files.write_legacy if legacy else files.write_zip)(tmp_path / "w.pth", body, {})
    with pytest.raises(ValueError, match=message):
        read_torch_state_dict(tmp_path / "w.pth")


@FORMATS
def test_truncated_anywhere(tmp_path, legacy):
    files.write(tmp_path / "w.pth", some_arrays(), legacy)
    whole = (tmp_path / "w.pth").read_bytes()
    for length in [*range(0, len(whole) - 1, 23), len(whole) - 1]:
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"undamaged PyTorch state dict.*cut\.pth"):
            read_torch_state_dict(tmp_path / "cut.pth")


def test_random_damage_is_an_error_or_harmless(tmp_path):
    files.write(tmp_path / "w.pth", some_arrays(), legacy=True)
    whole = np.frombuffer((tmp_path / "w.pth").read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = whole.copy()
        damaged[rng.integers(len(whole), size=3)] = rng.integers(256, size=3)
        (tmp_path / "w.pth").write_bytes(damaged.tobytes())
        try:
            found = read_torch_state_dict(tmp_path / "w.pth")
        except ValueError as error:
            refused += "w.pth" in str(error)
        else:
            assert all(isinstance(array, np.ndarray) for array in found.values())
    assert refused > 0


def test_damaged_zip_is_seen_by_its_checksum(tmp_path):
    files.write(tmp_path / "w.pth", {"w": np.full(4, 7, "uint8")}, legacy=False)
    whole = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(whole.replace(b"\7\7\7\7", b"\7\7\7\6"))
    with pytest.raises(ValueError, match="CRC"):
        read_torch_state_dict(tmp_path / "w.pth")


def test_other_machines_versions_and_archives(tmp_path):
    path = tmp_path / "w.pth"
    body, storages = files.plain({"w": np.ones(1, "float32")}, legacy=True)
    files.write_legacy(path, body, storages, little=False)
    with pytest.raises(ValueError, match="big-endian"):
        read_torch_state_dict(path)
    files.write_legacy(path, body, storages, magic=3)
    with pytest.raises(ValueError, match="in no format of PyTorch"):
        read_torch_state_dict(path)
    files.write_legacy(path, body, storages, version=1002)
    with pytest.raises(ValueError, match="unknown protocol 1002"):
        read_torch_state_dict(path)
    files.write_legacy(path, body, {**storages, "9": np.ones(1)})
    with pytest.raises(ValueError, match="no tensor uses its storage '9'"):
        read_torch_state_dict(path)
    body, storages = files.plain({"w": np.ones(1, "float32")}, legacy=False)
    files.write_zip(path, body, storages, order=b"big")
    with pytest.raises(ValueError, match="big-endian"):
        read_torch_state_dict(path)
    files.write_zip(path, body, storages, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="compressed"):
        read_torch_state_dict(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", b"")
    with pytest.raises(ValueError, match="must hold one data.pkl and holds 0"):
        read_torch_state_dict(path)
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match="undamaged PyTorch state dict"):
        read_torch_state_dict(path)
