import numpy as np
import pytest

from keras_ot_gans.metrics.grouped_moments import GroupedMoments
from tests.oracles import relative

X = np.random.default_rng(0).normal(size=(103, 3)) @ np.diag([1.0, 5.0, 0.1]) + 10.0
BOUNDS = [i * 103 // 4 for i in range(5)]  # 0, 25, 51, 77, 103


def grouped(chunk=17):
    found = GroupedMoments(dim=3, groups=4, total=103)
    for start in range(0, 103, chunk):
        found.update(X[start : start + chunk])
    return found


def check(moments, rows):
    expected = np.cov(rows, rowvar=False)
    assert moments.count == len(rows)
    # Four merges of sums of a hundred terms.
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), **relative(1e-13, rows))
    np.testing.assert_allclose(moments.covariance(), expected, **relative(1e-13, expected))


@pytest.mark.parametrize("chunk", [1, 17, 103])
def test_total_without_and_first(chunk):
    found = grouped(chunk)
    check(found.total(), X)
    for group in range(4):
        kept = np.delete(X, slice(BOUNDS[group], BOUNDS[group + 1]), axis=0)
        check(found.without(group), kept)
        check(found.first(group + 1), X[: BOUNDS[group + 1]])
    check(found.total(), X)  # the questions changed nothing


def test_a_deleted_outlier_leaves_no_trace():
    # Subtracting a group's sums, 1e24 for this one, would leave nothing of the others' digits.
    x = X.copy()
    x[3] = 1e12
    found = GroupedMoments(dim=3, groups=4, total=103)
    found.update(x)
    check(found.without(0), X[BOUNDS[1] :])


def test_bad_input_is_named():
    found = grouped()
    with pytest.raises(ValueError, match=r"`group` must lie in \[0, 4\). Received: group=4"):
        found.without(4)
    with pytest.raises(ValueError, match=r"`groups` must lie in \[1, 4\]. Received: groups=0"):
        found.first(0)
    with pytest.raises(ValueError, match="`total` = 103 rows. Received: 1 more after 103"):
        found.update(X[:1])
    with pytest.raises(ValueError, match="in row 103"):
        found.update([[np.nan, 0.0, 0.0]])
    assert found.count == 103
    partial = GroupedMoments(dim=3, groups=4, total=103)
    partial.update(X[:50])
    with pytest.raises(ValueError, match="must be complete: `total` = 103 rows. Received: 50"):
        partial.total()
