"""Files of arrays that are damaged, dangerous or no such files."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_ot_gans.datasets.npz_files import list_arrays, read_arrays

LIMIT = 10**6


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('code was run')",)


def written(save, *args, **arrays):
    buffer = io.BytesIO()
    save(buffer, *args, **arrays)
    return buffer.getvalue()


X = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
WHOLE = [
    written(np.savez, images=X, labels=np.arange(3)),
    written(np.savez_compressed, images=X, labels=np.arange(3)),
    written(np.save, X),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("npz") / "mine.npz"


def read_all(file, raw):
    file.write_bytes(raw)
    return read_arrays(file, list(list_arrays(file)), LIMIT)


@settings(max_examples=200)
@given(
    st.sampled_from(WHOLE),
    st.integers(0, 700),
    st.integers(0, 4),
    st.binary(max_size=4),
    st.booleans(),
)
def test_damage_ends_in_arrays_or_one_clear_error(file, raw, place, lost, new, cut):
    place %= len(raw)
    raw = raw[:place] if cut else raw[:place] + new + raw[place + lost :]
    try:
        arrays = read_all(file, raw)
    except ValueError as error:
        assert str(error).startswith("`path` must be ") and str(file) in str(error)
    else:
        assert all(isinstance(array, np.ndarray) for array in arrays)


@pytest.mark.parametrize("raw", WHOLE)
def test_whole_files_are_read_and_half_ones_refused(file, raw):
    np.testing.assert_array_equal(read_all(file, raw)[0], X)
    for part in (0, 3, 20, len(raw) // 2, len(raw) - 1):
        with pytest.raises(ValueError, match="`path` must be a"):
            read_all(file, raw[:part])


@pytest.mark.parametrize(
    "raw",
    [
        pickle.dumps(Bomb()),
        written(np.save, np.array([Bomb()], object), allow_pickle=True),
        written(np.savez, x=np.array([Bomb()], object)),
    ],
)
def test_nothing_is_executed(file, raw):
    with pytest.raises(ValueError, match="`path` must be a"):
        read_all(file, raw)


def test_names_cannot_escape_and_other_members_are_no_arrays(file, tmp_path):
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("../../out.npy", "/out.npy", "x.npy"):
            archive.writestr(name, WHOLE[2])
        archive.writestr("notes.txt", "hello")
    before = sorted(file.parent.iterdir())
    assert list(list_arrays(file)) == ["../../out", "/out", "x"]
    for array in read_arrays(file, ["../../out", "/out", "x"], LIMIT):
        np.testing.assert_array_equal(array, X)
    assert sorted(file.parent.iterdir()) == before
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", "hello")
    with pytest.raises(ValueError, match=r"`path` must .*x cannot be read"):
        read_arrays(file, ["x"], LIMIT)


def test_a_small_file_that_unpacks_to_much_is_refused_unread(file):
    file.write_bytes(written(np.savez_compressed, x=np.zeros((3000, 1000), np.uint8)))
    assert file.stat().st_size < 10_000
    with pytest.raises(ValueError, match="`memory_limit` must hold the arrays"):
        read_arrays(file, ["x"], LIMIT)


@pytest.mark.parametrize(
    "words",
    [
        b"(9" + b"0" * 15 + b",), ",  # a petabyte
        b"(" * 11,
        b"(-3, 4,5), ",
        b"('3',4,5), ",
        b"3, " * 3,
        b"exit(),    ",
    ],
)
def test_a_header_that_lies_is_refused(file, words):
    old = b"(3, 4, 5), "
    assert old in WHOLE[2]
    with pytest.raises(ValueError, match="`path` must be"):
        read_all(file, WHOLE[2].replace(old, words))


def test_folders_and_other_files_are_named(file):
    with pytest.raises(FileNotFoundError, match="`path` must be .*from_folder"):
        list_arrays(file.parent)
    with pytest.raises(ValueError, match="`path` must be a .npz or .npy file.*neither"):
        read_all(file, b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(ValueError, match="`labels` must be an array of the file"):
        file.write_bytes(WHOLE[2])
        read_arrays(file, ["labels"], LIMIT)
