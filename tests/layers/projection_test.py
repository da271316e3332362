import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_ot_gans.layers import ClassProjection, SpectralNormalization

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(5, 4)).astype("float32")
LABELS = np.array([2, 0, 2, 1, 0], "int32")


def built(**kwargs):
    layer = ClassProjection(3, **kwargs)
    layer.build(FEATURES.shape, LABELS.shape)
    return layer


def test_inner_product_with_the_vector_of_the_class():
    layer = built()
    vectors = layer.embedding.kernel.numpy()
    assert vectors.shape == (3, 4)
    expected = [[vectors[y] @ h] for y, h in zip(LABELS, FEATURES, strict=True)]
    np.testing.assert_allclose(layer(FEATURES, LABELS), expected, rtol=1e-5)


def test_normalised_vectors():
    layer = built(spectral_norm=True)
    kernel = layer.embedding.layer.kernel
    kernel.assign(7.0 * kernel)
    for _ in range(50):
        layer.embedding.power_step()
    vectors = kernel.numpy() / np.linalg.svd(kernel, compute_uv=False)[0]
    expected = np.sum(vectors[LABELS] * FEATURES, axis=1, keepdims=True)
    np.testing.assert_allclose(layer(FEATURES, LABELS), expected, rtol=1e-4, atol=1e-5)
    # A model finds the norm among the layer's own layers.
    norms = [p for p in layer._flatten_layers() if isinstance(p, SpectralNormalization)]
    assert norms == [layer.embedding]


def test_gradients():
    layer = built()
    features = tf.constant(FEATURES)
    with tf.GradientTape() as tape:
        tape.watch(features)
        loss = tf.reduce_sum(layer(features, LABELS))
    kernel = layer.embedding.kernel
    slope, slope_kernel = tape.gradient(loss, [features, kernel])
    np.testing.assert_allclose(slope, kernel.numpy()[LABELS], rtol=1e-6)
    sums = [FEATURES[LABELS == y].sum(0) for y in range(3)]
    np.testing.assert_allclose(slope_kernel, sums, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_labels_out_of_range(jit):
    layer = built()
    bad = np.array([2, -1, 2, 1, 3], "int32")
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\] .* from -1 to 3"):
        layer(FEATURES, bad)
    values = tf.function(lambda h, y: layer(h, y), jit_compile=jit)(FEATURES, bad).numpy()
    np.testing.assert_array_equal(np.isnan(values[:, 0]), [False, True, False, False, True])


def test_value_is_float32_in_half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = built()
    finally:
        keras.config.set_dtype_policy("float32")
    half = tf.cast(FEATURES, "float16")
    values = layer(half, LABELS)
    assert values.dtype == tf.float32
    vectors = layer.embedding.kernel.numpy()[LABELS]
    expected = np.sum(vectors * half.numpy().astype("float32"), axis=1, keepdims=True)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_save_and_load(tmp_path, spectral_norm):
    inputs, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    network = keras.Model(
        [inputs, labels], ClassProjection(3, spectral_norm)(layers.Dense(4)(inputs), labels)
    )
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(network([FEATURES, LABELS]), loaded([FEATURES, LABELS]))
    assert len(loaded.weights) == len(network.weights) == 3 + spectral_norm


def test_bad_arguments():
    with pytest.raises(ValueError, match="`num_classes` must be positive. Received: .*=0"):
        ClassProjection(0)
    with pytest.raises(ValueError, match=r"`features` must have rank 2, axes \(B, d\)"):
        ClassProjection(3)(np.ones((2, 4, 4, 3), "float32"), LABELS[:2])
