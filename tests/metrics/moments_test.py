from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_ot_gans.metrics.moments import Moments
from tests.oracles import relative


def moments_of(x, *cuts):
    moments = Moments(np.shape(x)[1])
    for chunk in np.split(np.asarray(x), cuts):
        moments.update(chunk)
    return moments


def correlated(n, d, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)).astype(dtype)


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("cuts", [(), (1,), (100, 100, 2000), (1024, 2048)])
def test_equals_numpy(ddof, cuts):
    x = correlated(2500, 7)
    moments = moments_of(x, *cuts)
    expected = np.cov(x, rowvar=False, ddof=ddof)
    # Sums of 2500 terms in another order.
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), **relative(1e-13, x))
    np.testing.assert_allclose(moments.covariance(ddof), expected, **relative(1e-13, expected))
    assert moments.count == 2500
    np.testing.assert_array_equal(moments.covariance(), moments.covariance().T)


@given(cuts=st.lists(st.integers(0, 300), max_size=12), seed=st.integers(0, 5))
def test_chunks_and_their_order_do_not_matter(cuts, seed):
    x = correlated(300, 4, seed)
    chunks = np.split(x, sorted(cuts))
    np.random.default_rng(seed).shuffle(chunks)
    found, expected = Moments(4), moments_of(x)
    for chunk in chunks:
        found.update(chunk)
    # Up to 13 joins, each with a rounding of the largest entry or two.
    np.testing.assert_allclose(found.mean, expected.mean, **relative(1e-13, x))
    np.testing.assert_allclose(
        found.covariance(), expected.covariance(), **relative(1e-13, expected.covariance())
    )


def test_a_mean_far_above_the_deviation_costs_no_digits():
    # Exact arithmetic on rows 2^27 + {0, 1, 2, ...} / 8; a sum of squares in float64, 2^54 per
    # row, would keep one digit of a variance of about 1.
    steps = np.random.default_rng(0).integers(0, 30, size=(3000, 2))
    x = 2.0**27 + steps / 8
    exact = [[Fraction(int(v), 8) for v in row] for row in steps]
    mean = [sum(column) / 3000 for column in zip(*exact, strict=True)]
    expected = np.array(
        [
            [float(sum((r[i] - mean[i]) * (r[j] - mean[j]) for r in exact) / 2999) for j in (0, 1)]
            for i in (0, 1)
        ]
    )
    for moments in (moments_of(x), moments_of(x, *range(7, 3000, 7))):
        # The running mean is rounded to 2^27 * 1e-16 = 1.5e-8 at each of 400 joins; the
        # covariance sees only products of such errors with gaps between block means.
        np.testing.assert_allclose(moments.covariance(), expected, **relative(1e-8, expected))
        assert moments.mean[0] - 2.0**27 == pytest.approx(float(mean[0]), abs=1e-7)


def test_integers_and_float32_are_summed_in_float64():
    x = correlated(2000, 5, dtype=np.float32)
    expected = np.cov(x.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(moments_of(x).covariance(), expected, **relative(1e-13, expected))
    pixels = np.random.default_rng(0).integers(0, 256, (50, 3)).astype(np.uint8)
    expected = np.cov(pixels.astype(np.float64), rowvar=False)
    found = moments_of(pixels).covariance()
    np.testing.assert_allclose(found, expected, **relative(1e-13, expected))


@pytest.mark.parametrize("cut", [0, 1, 700, 1500])
def test_merge_equals_one_stream(cut):
    x = correlated(1500, 3)
    first, second, whole = moments_of(x[:cut]), moments_of(x[cut:]), moments_of(x)
    first.merge(second)
    assert first.count == 1500
    np.testing.assert_allclose(first.mean, whole.mean, **relative(1e-13, x))
    np.testing.assert_allclose(
        first.covariance(), whole.covariance(), **relative(1e-13, whole.covariance())
    )
    assert second.count == 1500 - cut


def test_merge_with_itself_counts_twice():
    x = correlated(40, 3)
    moments = moments_of(x)
    moments.merge(moments)
    expected = np.cov(np.vstack([x, x]), rowvar=False)
    np.testing.assert_allclose(moments.covariance(), expected, **relative(1e-13, expected))


def test_merge_shares_no_memory():
    first, second = Moments(2), moments_of([[1.0, 2.0], [3.0, 5.0]])
    before = second.covariance()
    first.merge(second)
    first.update([[100.0, -100.0]])
    np.testing.assert_array_equal(second.covariance(), before)


def test_state_round_trip_continues_the_stream(tmp_path):
    x = correlated(60, 3)
    np.savez(tmp_path / "state.npz", **moments_of(x[:30]).state())
    with np.load(tmp_path / "state.npz") as state:
        found = Moments.from_state(state)
    found.update(x[30:])
    expected = moments_of(x, 30)
    np.testing.assert_array_equal(found.covariance(), expected.covariance())
    np.testing.assert_array_equal(found.mean, expected.mean)


def test_damaged_states_are_named():
    state = moments_of(correlated(5, 2)).state()
    with pytest.raises(ValueError, match="Received: no scatter"):
        Moments.from_state({name: state[name] for name in ("count", "mean")})
    for change in (
        {"mean": np.zeros(3)},
        {"scatter": np.full((2, 2), np.nan)},
        {"count": np.int64(-1)},
    ):
        with pytest.raises(ValueError, match="The file is damaged"):
            Moments.from_state(state | change)


def test_a_refused_chunk_changes_nothing():
    moments = moments_of(correlated(50, 2))
    before = moments.state()
    bad = np.zeros((2000, 2))
    bad[1999, 0] = np.nan
    with pytest.raises(ValueError, match="in row 2049"):
        moments.update(bad)
    for name, array in moments.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`dim` must be positive. Received: dim=0"):
        Moments(0)
    with pytest.raises(ValueError, match="`other` must have dim=2. Received: dim=3"):
        Moments(2).merge(Moments(3))
    with pytest.raises(ValueError, match="more than 1 rows. Received: 1"):
        moments_of([[1.0]]).covariance()
    assert moments_of([[1.0]]).covariance(ddof=0).tolist() == [[0.0]]
    with pytest.raises(ValueError, match="`ddof` must be 0 or 1. Received: ddof=2"):
        moments_of(np.zeros((5, 1))).covariance(ddof=2)
    with pytest.raises(ValueError, match="more than 0 rows. Received: 0"):
        _ = Moments(1).mean
