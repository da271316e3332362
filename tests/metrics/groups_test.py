import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_ot_gans.metrics.groups import ContiguousGroups


@given(
    groups=st.integers(1, 7),
    extra=st.integers(0, 30),
    chunks=st.lists(st.integers(0, 9), max_size=20),
)
def test_every_row_gets_the_group_of_the_original_bounds(groups, extra, chunks):
    total = groups + extra
    expected = np.empty(total, int)
    for i in range(groups):  # the Inception-score code, literally
        expected[(i * total // groups) : ((i + 1) * total // groups)] = i
    stream, found = ContiguousGroups(groups, total), []
    for rows in [*chunks, total]:
        rows = min(rows, total - stream.count)
        for group, part in stream.cut(rows):
            found += [group] * (part.stop - part.start)
    stream.check_complete()
    assert found == expected.tolist()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`groups` must be positive. Received: groups=0"):
        ContiguousGroups(0, 5)
    with pytest.raises(ValueError, match="at least the number of groups or splits, 10"):
        ContiguousGroups(10, 9)
    stream = ContiguousGroups(2, 5)
    with pytest.raises(ValueError, match="`total` = 5 rows. Received: 6 more after 0"):
        stream.cut(6)
    assert stream.count == 0
    with pytest.raises(ValueError, match="must be complete: `total` = 5 rows. Received: 0"):
        stream.check_complete()
