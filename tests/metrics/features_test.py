import numpy as np
import pytest

from keras_ot_gans.metrics.features import as_feature_pair, as_features, row_blocks


def test_an_array_is_not_copied():
    x = np.zeros((3, 2), np.float32)
    assert as_features("features", x) is x


def test_blocks_cover_every_row_once():
    for rows, size in ((0, 3), (3, 3), (7, 3), (2, 100)):
        covered = [row for part in row_blocks(rows, size) for row in range(part.start, part.stop)]
        assert covered == list(range(rows))
    with pytest.raises(ValueError, match="`block_size` must be positive. Received: block_size=0"):
        row_blocks(3, 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_bad_row_is_named(bad):
    x = np.zeros((3000, 2), np.float32)
    x[[2500, 2700], 1] = bad  # beyond the first blocks
    with pytest.raises(ValueError, match="`real` must be finite. Received: .* in row 2600"):
        as_features("real", x, first_row=100)


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="`features` must hold real numbers. Received: dtype <U1"):
        as_features("features", [["a"]])
    with pytest.raises(ValueError, match=r"shape \(n, d\). Received: shape \(2,\)"):
        as_features("features", [1.0, 2.0])
    with pytest.raises(ValueError, match=r"shape \(n, 3\). Received: shape \(1, 2\)"):
        as_features("features", [[1.0, 2.0]], dim=3)
    with pytest.raises(ValueError, match=r"same width. Received: shapes \(1, 2\) and \(1, 1\)"):
        as_feature_pair([[1.0, 2.0]], [[1.0]])
