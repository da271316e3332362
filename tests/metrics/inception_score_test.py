import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_ot_gans.metrics.inception_score import (
    InceptionScore,
    class_probabilities,
    inception_score,
)
from tests.oracles import softmax


def by_definition(rows):
    """exp of the mean Kullback-Leibler divergence from the marginal, by plain loops."""
    marginal = [sum(row[k] for row in rows) / len(rows) for k in range(len(rows[0]))]
    total = 0.0
    for row in rows:
        total += sum(p * math.log(p / q) for p, q in zip(row, marginal, strict=True) if p > 0)
    return math.exp(total / len(rows))


def probabilities(n, k, seed=0):
    return softmax(3 * np.random.default_rng(seed).normal(size=(n, k)), axis=1)


def test_by_hand():
    # Rows (1, 0) and (1/2, 1/2): marginal (3/4, 1/4), KL = log(4/3) and log(2/3)/2 + log(2)/2.
    expected = math.exp((math.log(4 / 3) + math.log(4 / 3) / 2) / 2)
    found = inception_score([[1.0, 0.0], [0.5, 0.5]], splits=1)
    np.testing.assert_allclose(found, (expected, 0.0), rtol=1e-15)
    # Splits of scores 1 and 2: mean 1.5, deviation over two 0.5.
    rows = [[0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]
    np.testing.assert_allclose(inception_score(rows, splits=2), (1.5, 0.5), rtol=1e-15)


@pytest.mark.parametrize("k", [2, 10, 1008])
def test_ends_of_the_range(k):
    uniform = np.full((20, k), 1.0 / k)
    np.testing.assert_allclose(inception_score(uniform), (1.0, 0.0), rtol=0, atol=1e-12)
    certain = np.eye(k)
    np.testing.assert_allclose(inception_score(certain, splits=1).mean, k, rtol=1e-12)


@pytest.mark.parametrize("splits", [1, 3, 10])
def test_splits_are_those_of_the_original_code(splits):
    x = probabilities(47, 5)  # 47 is a multiple of neither
    scores = [
        by_definition(x[(i * 47 // splits) : ((i + 1) * 47 // splits)].tolist())
        for i in range(splits)
    ]
    np.testing.assert_allclose(
        inception_score(x, splits), (np.mean(scores), np.std(scores)), rtol=1e-12
    )


@given(cuts=st.lists(st.integers(0, 60), max_size=8))
def test_a_stream_in_any_chunks_equals_the_array(cuts):
    x = probabilities(60, 4)
    stream = InceptionScore(num_classes=4, splits=7, total=60)
    for chunk in np.split(x, sorted(cuts)):
        stream.update(chunk)
    # Sums in another order.
    np.testing.assert_allclose(stream.result(), inception_score(x, 7), rtol=1e-12)
    np.testing.assert_allclose(stream.unsplit(), by_definition(x.tolist()), rtol=1e-12)


def test_without_a_split():
    x = probabilities(60, 4)
    stream = InceptionScore(num_classes=4, splits=3, total=60)
    stream.update(x)
    for split in range(3):
        kept = np.delete(x, slice(20 * split, 20 * split + 20), axis=0)
        np.testing.assert_allclose(stream.without(split), by_definition(kept.tolist()), rtol=1e-12)
    with pytest.raises(ValueError, match=r"`split` must be one of several, in \[0, 3\)"):
        stream.without(3)


def test_probabilities_with_and_without_the_bias():
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(2, 6, 9))
    bias = bias[0]
    features = rng.normal(size=(5, 6))
    logits = features @ weights + bias
    np.testing.assert_allclose(class_probabilities(logits), softmax(logits, 1), rtol=1e-13)
    expected = softmax(features @ weights, 1)
    # Taking the bias out again rounds the logits, of size 5, in their last digit.
    np.testing.assert_allclose(class_probabilities(logits, bias), expected, rtol=1e-13)


def test_large_float32_logits_are_stable():
    found = class_probabilities(np.array([[3e4, 3e4 + 1, -3e4]], np.float32))
    expected = [[1 / (1 + math.e), math.e / (1 + math.e), 0.0]]
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert found.dtype == np.float64


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="number of groups or splits, 10.*Received: total=9"):
        inception_score(probabilities(9, 3))
    with pytest.raises(ValueError, match="sum to 1 in every row. Received: a sum of 3 in row 1"):
        inception_score([[0.5, 0.5], [1.0, 2.0]], splits=1)
    with pytest.raises(ValueError, match="must be >= 0"):
        inception_score([[1.5, -0.5]], splits=1)
    with pytest.raises(ValueError, match="`probabilities` must be finite.*in row 0"):
        inception_score([[np.nan, 0.5]], splits=1)
    with pytest.raises(ValueError, match="`num_classes` must be at least 2"):
        inception_score([[1.0]], splits=1)
    with pytest.raises(ValueError, match=r"`bias` must be finite, of shape \(2,\)"):
        class_probabilities([[0.0, 0.0]], [1.0])
    stream = InceptionScore(num_classes=2, splits=1, total=2)
    stream.update([[0.5, 0.5]])
    with pytest.raises(ValueError, match="must be complete: `total` = 2 rows. Received: 1"):
        stream.result()
    with pytest.raises(ValueError, match="a sum of 0.4 in row 1"):
        stream.update([[0.2, 0.2]])
    stream.update([[0.5, 0.5]])
    with pytest.raises(ValueError, match="2 rows. Received: 1 more after 2"):
        stream.update([[0.5, 0.5]])
    assert stream.result() == (1.0, 0.0)
