import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.layers import AppendSideInformation

RNG = np.random.default_rng(0)
LABELS = np.array([2, 0, 2, 1], "int32")
VECTORS = RNG.normal(size=(4, 5)).astype("float32")
INPUTS = [RNG.normal(size=(4, *shape)).astype("float32") for shape in [(3,), (6, 2), (3, 2, 2)]]


@pytest.mark.parametrize("x", INPUTS, ids=lambda x: str(x.shape))
@pytest.mark.parametrize("num_classes", [3, None])
def test_every_position_gets_the_same_numbers(x, num_classes):
    side = VECTORS if num_classes is None else LABELS
    rows = VECTORS if num_classes is None else np.eye(3)[LABELS]
    layer = AppendSideInformation(num_classes)
    y = layer(x, side).numpy()
    c = x.shape[-1]
    np.testing.assert_array_equal(y[..., :c], x)
    for index in np.ndindex(x.shape[1:-1]):
        np.testing.assert_array_equal(y[(slice(None), *index, slice(c, None))], rows)
    assert layer.compute_output_shape(x.shape, side.shape) == y.shape
    compiled = tf.function(lambda x, s: layer(x, s), jit_compile=True)(x, side)
    np.testing.assert_array_equal(compiled, y)


def test_gradients_reach_inputs_and_vectors():
    x, side = tf.constant(INPUTS[2]), tf.constant(VECTORS)
    weights = RNG.normal(size=(4, 3, 2, 7)).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch([x, side])
        loss = tf.reduce_sum(AppendSideInformation()(x, side) * weights)
    slope, slope_side = tape.gradient(loss, [x, side])
    np.testing.assert_array_equal(slope, weights[..., :2])
    np.testing.assert_allclose(slope_side, weights[..., 2:].sum((1, 2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_labels_out_of_range(jit):
    layer, bad = AppendSideInformation(3), np.array([2, -1, 3, 0], "int32")
    with pytest.raises(ValueError, match=r"`labels` must lie in \[0, 2\] .* from -1 to 3"):
        layer(INPUTS[0], bad)
    y = tf.function(lambda x, s: layer(x, s), jit_compile=jit)(INPUTS[0], bad).numpy()
    np.testing.assert_array_equal(np.isnan(y).any(1), [False, True, True, False])
    np.testing.assert_array_equal(y[:, :3], INPUTS[0])


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(policy):
    y = AppendSideInformation(3, dtype=policy)(INPUTS[2], LABELS)
    assert y.dtype == policy[len("mixed_") :]
    np.testing.assert_array_equal(tf.cast(y[:, 0, 0, 2:], "float32"), np.eye(3)[LABELS])


@pytest.mark.parametrize("num_classes", [3, None])
def test_save_and_load(tmp_path, num_classes):
    images = keras.Input((3, 2, 2))
    side = keras.Input((5,)) if num_classes is None else keras.Input((), dtype="int32")
    network = keras.Model([images, side], AppendSideInformation(num_classes)(images, side))
    assert network.output_shape == (None, 3, 2, 2 + (num_classes or 5))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    inputs = [INPUTS[2], VECTORS if num_classes is None else LABELS]
    np.testing.assert_array_equal(network(inputs), loaded(inputs))


def test_bad_arguments():
    with pytest.raises(ValueError, match="`num_classes` must be positive, or None .*=0"):
        AppendSideInformation(0)
    with pytest.raises(ValueError, match=r"`side` must have rank 1, axes \(B,\).*\(4, 5\)"):
        AppendSideInformation(3)(INPUTS[0], VECTORS)
    with pytest.raises(ValueError, match=r"`side` must have rank 2, axes \(B, d\).*\(4,\)"):
        AppendSideInformation()(INPUTS[0], LABELS)
    # One entry would fit any batch by broadcasting.
    with pytest.raises(ValueError, match="`side` must have one entry per sample"):
        AppendSideInformation()(INPUTS[2], VECTORS[:1])
