import numpy as np
import pytest

from keras_ot_gans.metrics.grouped_moments import GroupedMoments

X = np.random.default_rng(0).normal(size=(23, 3)) + 100.0


@pytest.mark.parametrize("chunk", [1, 4, 23])
def test_parts_are_those_of_the_rows(chunk):
    dealt = GroupedMoments(3, 4)
    for start in range(0, len(X), chunk):
        dealt.update(X[start : start + chunk])
    assert (dealt.groups, dealt.count) == (4, 23)
    # Rounding of float64 sums of numbers near 100.
    np.testing.assert_allclose(dealt.total().covariance(), np.cov(X.T), rtol=1e-10)
    for group in range(4):
        rest = X[np.arange(23) % 4 != group]
        np.testing.assert_allclose(dealt.without(group).mean, rest.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(dealt.without(group).covariance(), np.cov(rest.T), rtol=1e-10)


def test_refused_rows_change_nothing():
    dealt = GroupedMoments(3, 2)
    with pytest.raises(ValueError, match="finite"):
        dealt.update([[1.0, 2.0, 3.0], [np.nan, 0.0, 0.0]])
    assert dealt.count == 0
    with pytest.raises(ValueError, match="`groups` must be positive"):
        GroupedMoments(3, 0)
