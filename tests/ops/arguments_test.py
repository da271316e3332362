"""Checks of numbers."""

import numpy as np
import pytest

from keras_ot_gans.ops.arguments import check_int


def test_numpy_integers_pass():
    assert check_int("num", np.int64(3), 1, "") == 3
    assert isinstance(check_int("num", np.int64(3), 1, ""), int)


@pytest.mark.parametrize("value", [True, 1.0, "1", None])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(TypeError, match="`num` must be an integer of at least 1"):
        check_int("num", value, 1, "Try 1.")
