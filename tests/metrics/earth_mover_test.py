import itertools

import hypothesis
import hypothesis.strategies as st
import numpy as np
import ot
import pytest
from hypothesis.extra import numpy as hnp

from keras_ot_gans.metrics import earth_mover, earth_mover_with_floor
from keras_ot_gans.metrics.points import as_points

# Sums of a few hundred float64 products: 1e-12 leaves three digits of slack.
EXACT = {"rtol": 1e-12, "atol": 1e-12}
# HiGHS accepts a solution whose constraints hold to 1e-7.
PROGRAMME = {"rtol": 1e-7}


def distances(real, fake):
    return np.sqrt(((real[:, None] - fake[None]) ** 2).sum(-1))


def brute_force(real, fake, power):
    cost = distances(real, fake) ** power
    n = len(real)
    return min(cost[np.arange(n), list(p)].mean() for p in itertools.permutations(range(n)))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_equals_the_best_of_all_permutations(n):
    rng = np.random.default_rng(n)
    real, fake = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    result = earth_mover(real, fake)
    np.testing.assert_allclose(result.w1, brute_force(real, fake, 1), **EXACT)
    np.testing.assert_allclose(result.w2_squared, brute_force(real, fake, 2), **EXACT)


def test_each_number_has_its_own_plan():
    # A long jump and a stay (1.96 + 0) beat two steps (1 + 1.03) for W1; not when squared.
    real, fake = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.9, 0.5]])
    result = earth_mover(real, fake)
    np.testing.assert_allclose(result.w1, np.hypot(1.9, 0.5) / 2, **EXACT)
    np.testing.assert_allclose(result.w2_squared, (1.0 + 0.81 + 0.25) / 2, **EXACT)


@pytest.mark.parametrize(
    ("n", "m", "tolerance"),
    [
        (50, 50, EXACT),  # assignment
        (40, 60, EXACT),  # lcm 120: copies
        (30, 90, EXACT),  # a multiple
        (53, 59, PROGRAMME),  # lcm 3127 > 2000: linear programme
        (1, 7, EXACT),
    ],
)
def test_equals_pot_for_any_sizes(n, m, tolerance):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(n, 2)), 0.5 * rng.normal(size=(m, 2)) + 1.0
    cost = distances(real, fake)
    result = earth_mover(real, fake)
    np.testing.assert_allclose(result.w1, ot.emd2([], [], cost), **tolerance)
    np.testing.assert_allclose(result.w2_squared, ot.emd2([], [], cost**2), **tolerance)


def test_one_dimension_is_sorted_and_equals_the_assignment():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=40), rng.normal(size=40) + 1
    line = earth_mover(real, fake)
    flat = [np.column_stack([x, np.zeros(40)]) for x in (real, fake)]  # the same in the plane
    plane = earth_mover(*flat)
    np.testing.assert_allclose(line, plane, **EXACT)
    np.testing.assert_allclose(line.w1, np.abs(np.sort(real) - np.sort(fake)).mean(), **EXACT)


@hypothesis.given(
    hnp.arrays(np.float64, (5, 2), elements=st.floats(-10, 10)),
    hnp.arrays(np.float64, (5, 2), elements=st.floats(-10, 10)),
    st.permutations(range(5)),
)
def test_properties_of_a_distance(real, fake, order):
    result = earth_mover(real, fake)
    order = list(order)
    # Rounding of squares near 400: absolute 1e-10.
    near = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(earth_mover(real[order], fake), result, **near)  # shuffling
    np.testing.assert_allclose(earth_mover(fake, real), result, **near)  # symmetry
    assert earth_mover(real, real[order]) == (0.0, 0.0)
    assert result.w1**2 <= result.w2_squared + 1e-10  # Jensen
    scaled = earth_mover(3.0 * real, 3.0 * fake)
    np.testing.assert_allclose(scaled, (3 * result.w1, 9 * result.w2_squared), **near)


def test_translation_is_known_in_closed_form():
    real = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    shift = np.array([1.0, -2.0, 2.0, 0.0])  # length 3
    result = earth_mover(real, real.astype(np.float64) + shift)
    np.testing.assert_allclose(result, (3.0, 9.0), **EXACT)


def test_images_are_flattened():
    images = np.random.default_rng(0).uniform(-1, 1, (6, 4, 4, 1)).astype(np.float32)
    flat = images.reshape(6, 16)
    assert earth_mover(images, images[::-1] * 0.5) == earth_mover(flat, flat[::-1] * 0.5)


def test_floor_is_the_distance_of_real_from_real():
    rng = np.random.default_rng(0)
    real, fake, again = (rng.normal(size=(20, 2)) for _ in range(3))
    result = earth_mover_with_floor(real, fake, again)
    assert result[:2] == earth_mover(real, fake)
    assert result[2:] == earth_mover(real, again)
    with pytest.raises(ValueError, match="as many samples as `fake`. Received: 19 and 20"):
        earth_mover_with_floor(real, fake, again[:19])
    with pytest.raises(ValueError, match="`real` and `real_again` must hold samples of the same"):
        earth_mover_with_floor(real, fake, again[:, :1])


def test_refuses_too_many_before_the_matrix_is_made():
    many = np.zeros((20_000, 2), np.float32)
    with pytest.raises(ValueError, match=r"n=20000 and m=20000 .* 2.98 GiB"):
        earth_mover(many, many)
    with pytest.raises(ValueError, match="`max_gib` must be positive. Received: max_gib=0"):
        earth_mover(many, many, max_gib=0)
    # A multiple is copied to the larger size, and the copies count.
    with pytest.raises(ValueError, match="2.98 GiB"):
        earth_mover(many[:2], many)
    with pytest.raises(ValueError, match="n=2000, m=2001.*pass 2000 samples of each"):
        earth_mover(many[:2000], many[:2001])


@pytest.mark.parametrize(
    ("real", "fake", "error", "text"),
    [
        ([[0.0, 1.0]], [[0.0]], ValueError, "same size. Received: shapes"),
        ([[0.0, np.nan]], [[0.0, 1.0]], ValueError, "`real` must be finite. Received: 1 of 2"),
        ([[0.0]], [[np.inf]], ValueError, "`fake` must be finite"),
        ([], [[0.0]], ValueError, "`real` must hold at least one sample"),
        (0.0, [[0.0]], ValueError, "`real` must hold at least one sample"),
        (["a"], [[0.0]], TypeError, "`real` must hold real numbers"),
        ([1j], [[0.0]], TypeError, "dtype complex128"),
    ],
)
def test_bad_input_is_named(real, fake, error, text):
    with pytest.raises(error, match=text):
        earth_mover(real, fake)


def test_points_are_float64_rows():
    points = as_points("x", np.zeros((3, 2, 2), np.uint8))
    assert points.shape == (3, 4) and points.dtype == np.float64
