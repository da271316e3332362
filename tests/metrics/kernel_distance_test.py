import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_ot_gans.metrics.kernel_distance import kernel_distance, kernel_distance_without


def by_loops(x, y, degree=3):
    """The unbiased estimate by its definition."""

    def k(a, b):
        return (float(a @ b) / len(a) + 1) ** degree

    n, m = len(x), len(y)
    xx = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def data(n, m, d=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 1.2 * rng.normal(size=(m, d)) + 0.3


@pytest.mark.parametrize(("n", "m"), [(2, 2), (7, 12), (30, 30)])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_all_rows_equal_loops(n, m, degree):
    x, y = data(n, m)
    found = kernel_distance(x, y, subsets=1, subset_size=None, degree=degree)
    # The terms, of size 10, cancel in part; each is rounded.
    np.testing.assert_allclose(found, (by_loops(x, y, degree), 0.0), rtol=1e-11, atol=1e-13)


def test_blocks_do_not_matter(monkeypatch):
    x, y = data(30, 25)
    # By its name: the package's attribute of that name is the function.
    module = importlib.import_module("keras_ot_gans.metrics.kernel_distance")
    monkeypatch.setattr(module, "BLOCK_ROWS", 7)
    found = kernel_distance(x, y, subsets=1, subset_size=None)
    np.testing.assert_allclose(found.mean, by_loops(x, y), rtol=1e-11)


def test_subsets_equal_loops_on_the_same_draws():
    x, y = data(40, 50)
    rng = np.random.default_rng(3)
    expected = []
    for _ in range(4):
        a = x[rng.choice(40, 15, replace=False)]
        expected.append(by_loops(a, y[rng.choice(50, 15, replace=False)]))
    found = kernel_distance(x, y, subsets=4, subset_size=15, seed=3)
    np.testing.assert_allclose(found, (np.mean(expected), np.std(expected)), rtol=1e-10)


def test_the_seed_decides_the_draws():
    x, y = data(40, 50)
    options = {"subsets": 3, "subset_size": 10}
    assert kernel_distance(x, y, **options) == kernel_distance(x, y, **options)
    assert kernel_distance(x, y, **options) != kernel_distance(x, y, **options, seed=1)


def test_a_subset_of_all_rows_is_a_permutation():
    x, y = data(20, 20)
    found = kernel_distance(x, y, subsets=3, subset_size=20)
    # Sums in another order: the spread is rounding.
    np.testing.assert_allclose(found, (by_loops(x, y), 0.0), rtol=1e-11, atol=1e-12)


def test_unbiased_for_equal_distributions():
    rng = np.random.default_rng(0)
    found = [
        kernel_distance(*rng.normal(size=(2, 20, 3)), subsets=1, subset_size=None).mean
        for _ in range(400)
    ]
    # The biased estimate would be near (E k(x, x) - E k(x, y)) / 10 = 0.9. 4 standard errors.
    np.testing.assert_allclose(np.mean(found), 0.0, atol=4 * np.std(found) / 20)


@given(seed=st.integers(0, 30), n=st.integers(2, 9), m=st.integers(2, 9))
def test_symmetric(seed, n, m):
    x, y = data(n, m, seed=seed)
    one = kernel_distance(x, y, subsets=1, subset_size=None).mean
    other = kernel_distance(y, x, subsets=1, subset_size=None).mean
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


def test_float32_rows_are_multiplied_in_float64():
    x, y = (side.astype(np.float32) for side in data(20, 20, d=300))
    expected = by_loops(x.astype(np.float64), y.astype(np.float64))
    found = kernel_distance(x, y, subsets=1, subset_size=None).mean
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize(("n", "m", "groups"), [(20, 20, 4), (23, 31, 5), (4, 4, 2)])
def test_without_groups_equals_loops(n, m, groups):
    x, y = data(n, m)
    value, without = kernel_distance_without(x, y, groups=groups)
    np.testing.assert_allclose(value, by_loops(x, y), rtol=1e-10)
    for g in range(groups):
        kept = [
            np.delete(s, slice(g * len(s) // groups, (g + 1) * len(s) // groups), axis=0)
            for s in (x, y)
        ]
        np.testing.assert_allclose(without[g], by_loops(*kept), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"subset_size": 21}, "subset_size=21 for 20 real and 30 fake rows. Pass subset_size=10"),
        ({"subset_size": 1}, "`subset_size` must lie between 2"),
        ({"subset_size": None}, "and 1 where `subset_size` is None. Received: subsets=100"),
        ({"subsets": 0}, "`subsets` must be positive"),
        ({"degree": 0}, "`degree` must be a positive integer. Received: degree=0"),
        ({"fake": np.zeros((30, 4))}, "`real` and `fake` must have the same width"),
        ({"real": np.full((20, 5), np.nan)}, "`real` must be finite"),
        ({"real": np.zeros((1, 5)), "subset_size": None, "subsets": 1}, "at least 2 rows each"),
    ],
)
def test_bad_input_is_named(change, text):
    x, y = data(20, 30)
    with pytest.raises(ValueError, match=text):
        kernel_distance(**({"real": x, "fake": y, "subset_size": 10} | change))


def test_bad_groups_are_named():
    x, y = data(20, 3)
    with pytest.raises(ValueError, match="`groups` must be at least 2. Received: groups=1"):
        kernel_distance_without(x, y, groups=1)
    with pytest.raises(ValueError, match="number of groups or splits, 10"):
        kernel_distance_without(x, y, groups=10)
    with pytest.raises(ValueError, match="at least 2 rows each.*Received: 1"):
        kernel_distance_without(x, y, groups=2)
