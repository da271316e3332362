import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from keras_ot_gans.metrics.pairs import direct_squares, nearest_squares, squares


@given(seed=st.integers(0, 100), scale=st.floats(1e-6, 1e6), shift=st.floats(-1e6, 1e6))
def test_the_error_bound_holds(seed, scale, shift):
    rng = np.random.default_rng(seed)
    x, y = (scale * rng.normal(size=(n, 6)) + shift for n in (5, 8))
    y[0] = x[0]
    for centre in (x.mean(axis=0), np.zeros(6)):
        found, error = squares(x, y, centre)
        exact = ((x[:, None].astype(np.longdouble) - y[None]) ** 2).sum(axis=-1)
        assert float(np.abs(found - exact).max()) <= error


def test_direct_squares_decide_ties():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 7)).astype(np.float32)
    rows, columns = rng.integers(0, 3000, (2, 2500))
    found = direct_squares(x, x, rows, columns)
    np.testing.assert_array_equal(found, direct_squares(x, x, columns, rows))
    np.testing.assert_array_equal(direct_squares(x, x, rows, rows), np.zeros(2500))
    expected = ((x[rows].astype(np.float64) - x[columns]) ** 2).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("block_size", [1, 4, 13, 100])
@pytest.mark.parametrize("neighbours", [1, 3, 39])
def test_nearest_equal_a_sorted_matrix(block_size, neighbours):
    x = np.random.default_rng(0).normal(size=(40, 3))
    expected = np.sort(cdist(x, x, "sqeuclidean"), axis=1)[:, 1 : neighbours + 1]
    found = nearest_squares(x, neighbours, x.mean(axis=0), block_size)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_copies_are_neighbours_at_distance_zero():
    x = np.repeat(np.random.default_rng(0).normal(size=(5, 50)) + 1e3, 3, axis=0)
    found = nearest_squares(x, 3, np.zeros(50), block_size=4)
    np.testing.assert_array_equal(found[:, :2], np.zeros((15, 2)))
    assert (found[:, 2] > 1).all()
