import keras
import numpy as np
import pytest

from keras_ot_gans.layers import NoiseInjection
from keras_ot_gans.networks import transformations


@pytest.mark.parametrize("width", [0, -1, 2.0, None, "2"])
def test_widths_that_cannot_work(width):
    with pytest.raises(ValueError, match=rf"`latent_dim` must be .*=latent_dim={width}|={width}\."):
        transformations.check_width("latent_dim", width)


def test_unknown_transformations():
    message = "`transformation` must be one of 'deterministic', 'gaussian'. Received: 'implicit'"
    with pytest.raises(ValueError, match=message):
        transformations.output_dim("implicit", 2)
    message = "`transformation` must be one of 'deterministic', 'implicit'. Received: 'gaussian'"
    with pytest.raises(ValueError, match=message):
        transformations.noise_injection("gaussian")


def test_noise_inputs_are_named_in_the_order_of_the_layers():
    noise, inject = transformations.noise_injection("implicit")
    features = keras.Input((2, 3, 4), name="features")
    x = inject(inject(features, "first"), "second")
    network = keras.Model(transformations.with_noise(features, noise), x)
    assert [i.name for i in network.inputs] == ["features", "noise1", "noise2"]
    assert network.input_shape[1:] == [(None, 2, 3, 1)] * 2
    network.get_layer("first").scale.assign(np.full((2, 3, 4), 2.0))
    network.get_layer("second").scale.assign(np.full((2, 3, 4), 3.0))
    ones = np.ones((1, 2, 3, 1), "float32")
    x = network([np.zeros((1, 2, 3, 4), "float32"), 5.0 * ones, 7.0 * ones])
    np.testing.assert_array_equal(x, np.full((1, 2, 3, 4), 2.0 * 5.0 + 3.0 * 7.0))


def test_without_noise_nothing_is_added():
    noise, inject = transformations.noise_injection("deterministic")
    features = keras.Input((2, 3, 4))
    assert inject(features, "first") is features
    assert transformations.with_noise(features, noise) is features
    assert not isinstance(features, NoiseInjection)
