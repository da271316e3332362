import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.models.feature_tape import FeatureTape

RNG = np.random.default_rng(0)
X, Z = (tf.constant(RNG.normal(size=(8, 3))) for _ in range(2))
W, V, UNUSED = (tf.Variable(RNG.normal(size=(3, 2))) for _ in range(3))
SOURCES = {"w": W, "rest": [V, UNUSED]}


def features(x):
    return tf.tanh(x @ W)


def others(z, scale):
    return tf.tanh(z @ W @ tf.transpose(V)) @ W * scale[:, None]


def coupled(a, b):
    """A loss that no sum over samples makes."""
    return tf.reduce_sum(tf.nn.softmax(a @ tf.transpose(b)) * tf.square(a @ tf.transpose(b)))


SCALE = tf.range(8, dtype=tf.float64)


def slopes_of(tape, a, b, sources=SOURCES, **kwargs):
    with tape:
        loss = coupled(a(tape), b(tape))
    slopes = tape.gradient(loss, sources, **kwargs)
    return loss, slopes


def in_two_calls(tape, **kwargs):
    """Two calls of `features`, of several inputs."""
    return slopes_of(
        tape, lambda t: t.features(features, X), lambda t: t.features(others, Z, SCALE), **kwargs
    )


def by_tensorflow(target):
    with tf.GradientTape() as tape:
        loss = target()
    slopes = tape.gradient(loss, SOURCES, unconnected_gradients="zero")
    return loss, slopes


def assert_same(found, expected, factor=1.0):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-13)
    tf.nest.assert_same_structure(found[1], expected[1])
    for a, b in zip(tf.nest.flatten(found[1]), tf.nest.flatten(expected[1]), strict=True):
        # Float64 sums in another order.
        np.testing.assert_allclose(a, factor * b.numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("micro_batch", [None, 1, 3, 4, 8, 20])
def test_gradient_is_that_of_the_whole_batch(micro_batch, graph):
    def run():
        return in_two_calls(FeatureTape(micro_batch))

    expected = by_tensorflow(lambda: coupled(features(X), others(Z, SCALE)))
    assert np.abs(expected[1]["w"]).max() > 0.1
    assert_same((tf.function(run) if graph else run)(), expected)


@pytest.mark.parametrize("size", [8, 5, 1])
def test_a_graph_that_does_not_know_the_size(size):
    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float64)])
    def run(x):
        tape = FeatureTape(3)

        def own(t):
            computed = t.features(features, x)
            assert computed.shape == (None, 2)
            return computed

        return slopes_of(tape, own, lambda t: t.features(features, x))

    x = X[:size]
    assert_same(run(x), by_tensorflow(lambda: coupled(features(x), features(x))))


@pytest.mark.parametrize("micro_batch", [None, 3])
def test_constants_have_no_gradient(micro_batch):
    found = slopes_of(
        FeatureTape(micro_batch),
        lambda t: t.constants(features, X),
        lambda t: t.features(others, Z, SCALE),
    )
    fixed = features(X)
    assert_same(found, by_tensorflow(lambda: coupled(fixed, others(Z, SCALE))))


@pytest.mark.parametrize("micro_batch", [None, 3])
def test_features_that_the_loss_does_not_use(micro_batch):
    tape = FeatureTape(micro_batch)
    with tape:
        tape.features(others, Z, SCALE)
        used = tape.features(features, X)
        loss = coupled(used, used)
    found = loss, tape.gradient(loss, SOURCES)
    assert_same(found, by_tensorflow(lambda: coupled(features(X), features(X))))
    assert not found[1]["rest"][0].numpy().any()


@pytest.mark.parametrize("micro_batch", [None, 3])
def test_output_gradients_are_a_factor(micro_batch):
    factor = tf.constant(-7.0, tf.float64)
    expected = by_tensorflow(lambda: coupled(features(X), others(Z, SCALE)))
    assert_same(in_two_calls(FeatureTape(micro_batch), output_gradients=factor), expected, -7.0)


def test_a_loss_may_pick_rows():
    # The gradient of `tf.gather` is sparse.
    rows = tf.constant([1, 1, 6, 0])

    def loss(a):
        return tf.reduce_sum(tf.gather(a, rows) ** 3)

    tape = FeatureTape(3)
    with tape:
        value = loss(tape.features(features, X))
    assert_same((value, tape.gradient(value, SOURCES)), by_tensorflow(lambda: loss(features(X))))


def test_an_embedding_gets_the_rows_of_all_parts():
    table = keras.layers.Embedding(4, 2)
    table.build()
    labels = tf.constant([0, 1, 1, 3, 0, 1, 1, 0])

    def target(tape):
        a = tape.features(lambda y: table(y), labels)
        return tf.reduce_sum(tf.matmul(a, a, transpose_b=True) ** 2)

    slopes = []
    for micro_batch in (None, 3):
        tape = FeatureTape(micro_batch)
        with tape:
            loss = target(tape)
        slopes.append(tf.convert_to_tensor(tape.gradient(loss, [table.embeddings.value])[0]))
    # Float32 sums in another order.
    np.testing.assert_allclose(slopes[1], slopes[0], rtol=1e-5, atol=1e-9)
    assert not slopes[1][2].numpy().any() and slopes[1][1].numpy().all()


def test_half_precision_features():
    w = tf.Variable(W.value())
    x = tf.cast(X, tf.float16)

    def half(x):
        return tf.tanh(x @ tf.cast(w, tf.float16))

    slopes = []
    for micro_batch in (None, 3):
        tape = FeatureTape(micro_batch)
        with tape:
            computed = tape.features(half, x)
            assert computed.dtype == tf.float16
            loss = coupled(*[tf.cast(computed, tf.float32)] * 2)
        (slope,) = tape.gradient(loss, [w])
        assert slope.dtype == tf.float64
        slopes.append(slope)
    # Sums of float16 products: 11 bits, of terms larger than their sum.
    np.testing.assert_allclose(*slopes, rtol=0, atol=1e-2 * np.abs(slopes[0]).max())


def test_features_have_the_shape_and_order_of_the_batch():
    images = tf.reshape(tf.range(7 * 4, dtype=tf.float32), (7, 2, 2, 1))
    with FeatureTape(3) as tape:
        computed = tape.features(lambda x: x + 1.0, images)
    assert computed.shape == (7, 2, 2, 1)
    np.testing.assert_array_equal(computed, images + 1.0)


def test_each_pass_sees_one_micro_batch():
    sizes = []

    def seen(x):
        sizes.append(x.shape[0])
        return features(x)

    tape = FeatureTape(3)
    with tape:
        loss = coupled(tape.features(seen, X), tape.constants(seen, Z))
    assert sizes == [3, 3, 2, 3, 3, 2]
    tape.gradient(loss, [W])
    assert sizes[6:] == [3, 3, 2]  # constants need no second pass
