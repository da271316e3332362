import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.layers import NoiseInjection
from tests import oracles

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(3, 4, 5, 2)).astype("float32")
NOISE = RNG.normal(size=(3, 4, 5, 1)).astype("float32")
SCALE = RNG.normal(size=(4, 5, 2)).astype("float32")


def drawn(**kwargs):
    layer = NoiseInjection(**kwargs)
    layer.build([FEATURES.shape, NOISE.shape])
    layer.scale.assign(SCALE)
    return layer


def test_starts_without_noise():
    layer = NoiseInjection()
    np.testing.assert_array_equal(layer([FEATURES, NOISE]), FEATURES)
    assert [v.shape for v in layer.trainable_variables] == [(4, 5, 2)]  # per pixel and channel
    assert layer.non_trainable_variables == []


def test_one_map_weighed_for_each_pixel_and_channel():
    layer = drawn()
    expected = FEATURES.copy()
    for b, i, j, c in np.ndindex(FEATURES.shape):
        expected[b, i, j, c] += SCALE[i, j, c] * NOISE[b, i, j, 0]
    result = layer([FEATURES, NOISE])
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)  # a product in float32
    compiled = tf.function(lambda f, n: layer([f, n]), jit_compile=True)(FEATURES, NOISE)
    np.testing.assert_allclose(compiled, expected, rtol=1e-6, atol=1e-6)
    assert layer.compute_output_shape([FEATURES.shape, NOISE.shape]) == FEATURES.shape


def test_gradients():
    weights = RNG.normal(size=FEATURES.shape).astype("float32")
    slopes = oracles.gradient(
        lambda f, n: tf.reduce_sum(drawn()([f, n]) * weights), FEATURES, NOISE
    )
    np.testing.assert_array_equal(slopes[0], weights)
    np.testing.assert_allclose(slopes[1][..., 0], (weights * SCALE).sum(-1), rtol=1e-5, atol=1e-6)
    layer = NoiseInjection()  # scales of 0 have a slope: they can leave it
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer([FEATURES, NOISE]) * weights)
    slope = tape.gradient(loss, layer.scale)
    np.testing.assert_allclose(slope, (weights * NOISE).sum(0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(policy):
    layer = drawn(dtype=policy)
    result = layer([FEATURES, NOISE])
    assert result.dtype == policy[len("mixed_") :]
    assert layer.scale.dtype == "float32"
    # Numbers of order 1 with 8 bits.
    np.testing.assert_allclose(tf.cast(result, "float32"), FEATURES + SCALE * NOISE, atol=0.05)


def test_save_and_load(tmp_path):
    features, noise = keras.Input((4, 5, 2)), keras.Input((4, 5, 1))
    network = keras.Model([features, noise], drawn(name="noise")([features, noise]))
    assert network.output_shape == (None, 4, 5, 2)
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded([FEATURES, NOISE]), network([FEATURES, NOISE]))
    assert np.abs(loaded([FEATURES, NOISE]) - FEATURES).max() > 0.1


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([FEATURES], r"`inputs` must be two tensors, \[features, noise\]. Rec.*Draw noise"),
        (FEATURES, "`inputs` must be two tensors"),
        ([FEATURES[0], NOISE], r"`features` must have axes \(B, height, .*\(4, 5, 2\)"),
        ([keras.Input((None, 5, 2)), NOISE], "`features` must have axes .* all but B known"),
        ([FEATURES, FEATURES], r"`noise` must have shape \(3, 4, 5, 1\).*\(3, 4, 5, 2\)"),
        ([FEATURES, NOISE[:, :1]], r"`noise` must have shape .*\(3, 1, 5, 1\)"),
        # One map would fit any batch by broadcasting.
        ([FEATURES, NOISE[:1]], r"`noise` must have shape .*\(1, 4, 5, 1\)"),
    ],
)
def test_bad_inputs(inputs, message):
    with pytest.raises(ValueError, match=message):
        NoiseInjection()(inputs)


def test_batch_of_the_noise_is_checked_at_every_call():
    with pytest.raises(ValueError, match="`noise` must have shape"):
        drawn()([FEATURES, NOISE[:1]])
