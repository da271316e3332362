import numpy as np
import pytest

from keras_ot_gans.metrics.conditional import (
    ClassMoments,
    conditional_accuracy,
    conditional_hits,
    intra_class_frechet,
)
from keras_ot_gans.metrics.frechet import TooFewSamples, frechet_distance


def test_accuracy_by_hand():
    logits = [[3.0, 1.0, 2.0], [0.0, 0.0, 5.0], [1.0, 1.0, 0.0], [0.0, 2.0, 1.0]]
    assert conditional_hits(logits, [0, 1, 0, 1]).tolist() == [True, False, True, True]
    assert conditional_accuracy(logits, np.array([0, 1, 0, 1], np.uint8)) == 0.75
    assert conditional_accuracy(logits, [2, 2, 1, 1]) == 0.5  # the first of equal logits counts


def labelled(seed, counts=(30, 50, 41)):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(3), counts))
    return rng.normal(size=(len(labels), 4)) * (1 + labels[:, None]) + labels[:, None], labels


def class_moments(features, labels, chunk=13):
    moments = ClassMoments(4, 3)
    for start in range(0, len(labels), chunk):
        part = slice(start, start + chunk)
        moments.update(features[part], labels[part])
    return moments


def test_intra_class_frechet_equals_class_by_class():
    (x, a), (y, b) = labelled(0), labelled(1)
    found = intra_class_frechet(class_moments(x, a), class_moments(y, b))
    expected = []
    for label in range(3):
        sides = (x[a == label], y[b == label])
        moments = [part for s in sides for part in (s.mean(axis=0), np.cov(s, rowvar=False))]
        expected.append(frechet_distance(*moments))
    # Moments joined in another order.
    np.testing.assert_allclose(found.per_class, expected, rtol=1e-10)
    np.testing.assert_allclose(found.mean, np.mean(expected), rtol=1e-10)


def test_swapped_classes_show():
    # The same rows under other labels: a plain FID of 0, and no intra-class one of 0.
    x, a = labelled(0)
    real, swapped = class_moments(x, a), class_moments(x, (a + 1) % 3)
    # Zero up to a rounding of the traces, about 40.
    np.testing.assert_allclose(intra_class_frechet(real, real).mean, 0.0, atol=1e-12)
    # Rows of true class 2 now bear the label 0, and so on.
    parts = [
        (x[a == label].mean(axis=0), np.cov(x[a == label], rowvar=False)) for label in (0, 1, 2)
    ]
    expected = [frechet_distance(*parts[label], *parts[label - 1]) for label in (0, 1, 2)]
    np.testing.assert_allclose(intra_class_frechet(real, swapped).per_class, expected, rtol=1e-10)


def test_few_samples_are_named_with_their_classes():
    real = class_moments(*labelled(0))
    fake = class_moments(*labelled(1, counts=(4, 0, 50)))
    text = "at least 5 samples of width 4. Received: fake class 0 has 4, fake class 1 has 0."
    with pytest.raises(TooFewSamples, match=text):
        intra_class_frechet(real, fake)
    with pytest.raises(TooFewSamples, match="at least 2 samples.*: fake class 1 has 0."):
        intra_class_frechet(real, fake, allow_rank_deficient=True)
    fake = class_moments(*labelled(1, counts=(4, 40, 50)))
    with pytest.warns(RuntimeWarning, match="Received: 4 samples"):
        found = intra_class_frechet(real, fake, allow_rank_deficient=True)
    np.testing.assert_allclose(found.mean, found.per_class.mean(), rtol=1e-15)


def test_a_refused_chunk_changes_nothing():
    moments = class_moments(*labelled(0))
    before = moments.counts()
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 3\). Received: 0 to 3"):
        moments.update(np.zeros((2, 4)), [0, 3])
    with pytest.raises(ValueError, match="`features` must be finite.*in row 122"):
        moments.update([[0.0] * 4, [np.nan] * 4], [0, 1])
    np.testing.assert_array_equal(moments.counts(), before)


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="`labels` must be integers. Received: dtype float64"):
        conditional_accuracy([[0.0, 1.0]], [1.0])
    with pytest.raises(
        ValueError, match=r"one label per row, shape \(1,\). Received: shape \(1, 2"
    ):
        conditional_accuracy([[0.0, 1.0]], [[0, 1]])
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\). Received: -1 to -1"):
        conditional_accuracy([[0.0, 1.0]], [-1])
    with pytest.raises(ValueError, match="`logits` must hold at least one sample"):
        conditional_accuracy(np.zeros((0, 3)), [])
    with pytest.raises(ValueError, match="`logits` must be finite"):
        conditional_accuracy([[np.nan, 1.0]], [1])
    with pytest.raises(ValueError, match="1000 classes of width 2048, 31.2 GiB"):
        ClassMoments(2048, 1000)
    with pytest.raises(ValueError, match="`num_classes` must be positive"):
        ClassMoments(4, 0)
    with pytest.raises(ValueError, match="must have the same `num_classes`. Received: 2 and 3"):
        intra_class_frechet(ClassMoments(4, 2), ClassMoments(4, 3))
