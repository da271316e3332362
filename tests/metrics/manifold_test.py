import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_ot_gans.metrics.manifold import manifold_membership, precision_recall


def by_loops(real, fake, k):
    """Kynkaanniemi et al., eqs. 1 and 2, and Naeem et al., section 3, pair by pair."""

    def square(a, b):
        return sum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True))

    def radii(side):
        others = [
            sorted(square(a, b) for j, b in enumerate(side) if j != i) for i, a in enumerate(side)
        ]
        return [row[k - 1] for row in others]

    r, s = radii(real), radii(fake)
    inside = [[square(x, y) <= r[i] for y in fake] for i, x in enumerate(real)]
    fake_balls = [[square(x, y) <= s[j] for j, y in enumerate(fake)] for x in real]
    n, m = len(real), len(fake)
    return (
        sum(any(inside[i][j] for i in range(n)) for j in range(m)) / m,
        sum(any(row) for row in fake_balls) / n,
        sum(sum(row) for row in inside) / (k * m),
        sum(any(row) for row in inside) / n,
    )


def data(n, m, seed=0, d=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 0.7 * rng.normal(size=(m, d)) + 0.4


@pytest.mark.parametrize(("n", "m"), [(6, 6), (40, 25), (23, 60)])
@pytest.mark.parametrize("block_size", [5, 1024])
def test_equals_loops(n, m, block_size):
    real, fake = data(n, m)
    found = manifold_membership(real, fake, (3, 5), block_size)
    for k in (3, 5):
        np.testing.assert_allclose(found[k].means(), by_loops(real, fake, k), rtol=1e-14)
        assert precision_recall(real, fake, k) == found[k].means()


@given(
    seed=st.integers(0, 60),
    n=st.integers(3, 14),
    m=st.integers(3, 14),
    k=st.integers(1, 2),
    block=st.integers(1, 6),
)
def test_ties_and_copies_equal_loops(seed, n, m, k, block):
    # Points of a coarse grid: almost every distance is a tie, and many points are copies. Squares
    # of eighths are exact, so that the loops decide ties exactly.
    rng = np.random.default_rng(seed)
    real, fake = (rng.integers(0, 3, (size, 2)) / 8 + 1000 for size in (n, m))
    found = manifold_membership(real, fake, (k,), block)[k].means()
    np.testing.assert_allclose(found, by_loops(real, fake, k), rtol=1e-14)


def test_copies_of_the_real_samples():
    real, _ = data(50, 1, d=200)
    order = np.random.default_rng(1).permutation(50)
    # Each ball holds its centre's copy and its k neighbours' copies; the last of these lies on
    # the edge, at exactly the radius.
    found = precision_recall(real.astype(np.float32), real[order].astype(np.float32), 3, 7)
    np.testing.assert_allclose(found, (1.0, 1.0, 4 / 3, 1.0), rtol=1e-14)


def test_precision_is_about_fakes_and_recall_about_reals():
    # Two real modes; the generator makes one of them well.
    rng = np.random.default_rng(0)
    mode = rng.normal(size=(200, 2))
    real = np.concatenate([mode, mode + 100.0])
    fake = rng.normal(size=(300, 2)) * 0.5
    found = precision_recall(real, fake)
    np.testing.assert_allclose(found, by_loops(real, fake, 3), rtol=1e-14)
    # One of two modes: no fake sample but stray ones outside, half of the real ones never reached.
    assert found.precision > 0.95 and found.recall < 0.5
    # The other way round: all modes, and rubbish beside them.
    swapped = precision_recall(fake, real)
    assert (swapped.precision, swapped.recall) == (found.recall, found.precision)


def test_a_generator_that_makes_one_point():
    real, _ = data(30, 1)
    fake = np.tile(real[:1], (20, 1))
    found = precision_recall(real, fake)
    np.testing.assert_allclose(found, by_loops(real, fake, 3), rtol=1e-14)
    assert (found.precision, found.recall) == (1.0, 1 / 30)


def test_a_far_mean_and_float32():
    real, fake = data(40, 30)
    # 2^-10 steps at 1000: float32 products would be off by more than the distances.
    real, fake = (np.round(side * 64) / 1024 + 1000 for side in (real, fake))
    found = precision_recall(real.astype(np.float32), fake.astype(np.float32))
    np.testing.assert_allclose(found, by_loops(real, fake, 3), rtol=1e-14)


def test_disjoint_sets():
    real, fake = data(20, 20)
    assert precision_recall(real, fake + 100.0) == (0.0, 0.0, 0.0, 0.0)


@given(seed=st.integers(0, 20), scale=st.floats(0.01, 100))
def test_shift_scale_and_order_do_not_matter(seed, scale):
    real, fake = data(15, 12, seed)
    rng = np.random.default_rng(seed)
    moved = precision_recall(
        scale * rng.permutation(real) + 3.0, scale * rng.permutation(fake) + 3.0, 2
    )
    np.testing.assert_allclose(moved, precision_recall(real, fake, 2), rtol=1e-14)


@pytest.mark.parametrize("neighbours", [(0,), (), (5,), (3, 20)])
def test_bad_neighbours_are_named(neighbours):
    real, fake = data(20, 5)
    with pytest.raises(ValueError, match=r"`neighbours` must lie in \[1, 5\).*20 and 5 rows"):
        manifold_membership(real, fake, neighbours)


def test_bad_features_are_named():
    real, fake = data(20, 20)
    with pytest.raises(ValueError, match="same width"):
        precision_recall(real, fake[:, :2])
    fake[7, 1] = np.inf
    with pytest.raises(ValueError, match="`fake` must be finite. Received: .* in row 7"):
        precision_recall(real, fake)
