"""The callback of discriminator optimal transport, on networks whose transport is known."""

import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from keras_ot_gans import callbacks, metrics, models, networks, ops, samplers
from tests.metrics.cards import linear_network, uint8_images


def linear(inputs, weights, name):
    dense = keras.layers.Dense(len(weights[0]), use_bias=False)
    network = keras.Sequential([keras.Input((inputs,)), dense], name=name)
    dense.set_weights([np.asarray(weights, "float32")])
    return network


def run(model, callback, epochs=2):
    model.compile({role: keras.optimizers.SGD(0.0) for role in model.networks})
    x = np.random.default_rng(0).normal(size=(20, *model.generator.output_shape[1:])).clip(-1, 1)
    return model.fit(x.astype("float32"), batch_size=10, epochs=epochs, verbose=0,
                     callbacks=[callback]).history  # fmt: skip


def plane(**kwargs):
    # D(G(z)) = 2 * 3 z_1: the slope is 6 along one axis of latents, 2 along one of samples.
    generator, critic = linear(2, [[3, 0], [0, 1]], "generator"), linear(2, [[2], [0]], "critic")
    return models.LipschitzGAN(generator, critic, seed=0, **kwargs)


def test_constants_and_scores_of_linear_networks(tmp_path):
    real = np.random.default_rng(1).normal(size=(50, 2))
    callback = callbacks.DOTSamples(real, tmp_path, num=8, updates=10, pairs=4000)
    before = plane().critic.get_weights()[0]
    history = run(plane(), callback)
    assert len(history["dot_k_eff"]) == 2
    # 4,000 pairs: the best of them is within a few hundredths of the direction of the slope.
    assert history["dot_k_eff"][0] == pytest.approx(6, abs=0.01)
    assert history["dot_K_eff"][0] == pytest.approx(2, abs=0.01)
    # Rates of 0: the same latents and pairs give the same numbers in each epoch.
    for name in ("dot_k_eff", "dot_K_eff", "dot_score_before", "dot_score_after"):
        assert history[name][0] == history[name][1]
    assert history["dot_score_after"][0] > history["dot_score_before"][0]
    np.testing.assert_array_equal(callback.model.critic.get_weights()[0], before)
    paths = sorted((tmp_path / "dot").glob("*.png"))
    assert [path.name for path in paths] == ["step_000002.png", "step_000004.png"]
    with Image.open(paths[0]) as picture:
        assert picture.width > 1.5 * picture.height  # two clouds side by side


def test_images_are_pairs_of_columns(tmp_path):
    generator = networks.dcgan_generator(4, (8, 8, 1), width=2)
    critic = networks.dcgan_critic((8, 8, 1), 1, width=2)
    model = models.LipschitzGAN(generator, critic, ema_decay=0.5, seed=0)
    callback = callbacks.DOTSamples(
        np.zeros((2, 8, 8, 1)), tmp_path, num=6, columns=3, pairs=20, every=2
    )
    history = run(model, callback)
    # Absent in epochs without a picture, as for other evaluations.
    assert len(history["dot_k_eff"]) == 1
    with Image.open(next((tmp_path / "dot").glob("*.png"))) as picture:
        assert picture.width / picture.height == pytest.approx(3, rel=0.05)


def test_image_scores_before_and_after(tmp_path):
    generator = networks.dcgan_generator(4, (8, 8, 1), width=2)
    critic = networks.dcgan_critic((8, 8, 1), 1, width=2)
    model = models.LipschitzGAN(generator, critic, seed=0)
    judge = metrics.ImageScores(
        linear_network(shape=(8, 8, 1)),
        uint8_images(shape=(8, 8, 1)),
        ("fid",),
        num=40,
        intervals=False,
    )
    callback = callbacks.DOTSamples(
        np.zeros((2, 8, 8, 1)), tmp_path, num=6, pairs=20, updates=3, rate=0.5, seed=3, scores=judge
    )
    logs = run(model, callback, 1)
    kind = {"batch_size": 6, "prior": model.prior}
    plain = samplers.PlainSampler(generator, **kind)
    dot = samplers.DOTSampler(
        generator, critic, updates=3, optimizer=keras.optimizers.SGD(0.5), pairs=20, **kind
    )
    dot.estimate_k_eff(3)
    for when, sampler in (("before", plain), ("after", dot)):
        expected = judge.evaluate(sampler.sample(40, 3), 40)["fid"].value
        assert logs[f"dot_fid_{when}"] == [pytest.approx(expected, rel=1e-5)]  # float32 images
    assert logs["dot_fid_before"] != logs["dot_fid_after"]
    with pytest.raises(TypeError, match="`scores` must be None or a `metrics.ImageScores`"):
        callbacks.DOTSamples(np.eye(2), tmp_path, scores="fid")


def test_labels_reach_both_networks(tmp_path):
    def told(inputs, name, sign):
        x, y = keras.Input((inputs,)), keras.Input((), dtype="int32")
        scale = keras.ops.cast(y, "float32")[:, None] + 1.0
        return keras.Model(
            [x, y], keras.ops.sum(sign * x * scale, axis=1, keepdims=True), name=name
        )

    z, y = keras.Input((1,)), keras.Input((), dtype="int32")
    generator = keras.Model([z, y], z * (keras.ops.cast(y, "float32")[:, None] + 1.0))
    model = models.LipschitzGAN(generator, told(1, "critic", -1.0), labels=ops.Labels(3), seed=0)
    callback = callbacks.DOTSamples(np.zeros((5, 1)), tmp_path, num=30, pairs=50, updates=3)
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_end(0, logs := {})
    # Class y: x = (y + 1) z, D = -(y + 1) x, so the largest slopes are 3 of samples, 9 of latents.
    assert logs["dot_K_eff"] == pytest.approx(3, rel=1e-4)  # float32 differences
    assert logs["dot_k_eff"] == pytest.approx(9, rel=1e-4)


def test_a_second_model_has_its_own_samples(tmp_path):
    def steep(slope):
        generator = linear(2, [[slope, 0], [0, 1]], "generator")
        return models.LipschitzGAN(generator, linear(2, [[2], [0]], "critic"), seed=0)

    callback = callbacks.DOTSamples(np.eye(2), tmp_path, num=8, updates=1, pairs=4000)
    first, second = steep(3.0), steep(5.0)
    constants = [run(model, callback, 1)["dot_k_eff"][0] for model in (first, second)]
    # As above: slopes of 3 * 2 and 5 * 2.
    np.testing.assert_allclose(constants, [6, 10], atol=0.02)
    sampler = callback.sampler
    assert sampler.pair.generator is second.generator and sampler.pair.critic is second.critic
    callback.on_train_begin()
    assert callback.sampler is sampler  # compiled once for each model


BROKEN = {
    # Critic's weights, generator's weights, rate, and the words of the warning.
    "constant critic": (0.0, 1.0, 0.01, "`k_eff` must be positive and finite"),
    "NaN critic": (np.nan, 1.0, 0.01, "`k_eff` must be positive and finite"),
    "infinite critic": (np.inf, 1.0, 0.01, "`k_eff` must be positive and finite"),
    "diverging transport": (1.0, 1.0, 1e38, "must keep samples finite"),
    "NaN generator": (1.0, np.nan, 0.01, "`k_eff` must be positive and finite"),
}


@pytest.mark.parametrize("images", [False, True])
@pytest.mark.parametrize("name", BROKEN)
def test_what_has_no_transport_does_not_end_the_training(tmp_path, name, images):
    of_critic, of_generator, rate, words = BROKEN[name]
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4 if images else 2)])
    critic = keras.Sequential([keras.Input((2, 2, 1) if images else (2,))])
    if images:
        generator.add(keras.layers.Reshape((2, 2, 1)))
        generator.add(keras.layers.Activation("tanh"))
        critic.add(keras.layers.Flatten())
    critic.add(keras.layers.Dense(1))
    for network, value in ((generator, of_generator), (critic, of_critic)):
        layer = next(layer for layer in network.layers if layer.weights)
        kernel, bias = layer.get_weights()
        layer.set_weights([np.full_like(kernel, value) * kernel, bias])
    model = models.LipschitzGAN(generator, critic, seed=0)
    real = np.zeros((5, 2, 2, 1)) if images else np.random.default_rng(0).normal(size=(20, 2))
    callback = callbacks.DOTSamples(real, tmp_path, num=6, updates=9, rate=rate, pairs=20)
    callback.set_model(model)
    callback.on_train_begin()
    logs = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", RuntimeWarning)
        callback.on_epoch_end(0, logs)
        callback.on_epoch_end(1, logs)
    assert [words in str(warning.message) for warning in caught] == [True]  # said once
    assert logs.keys() == {"dot_K_eff", "dot_k_eff", "dot_score_before", "dot_score_after"}
    assert np.isnan(logs["dot_score_after"])
    if name == "constant critic":
        assert logs["dot_K_eff"] == logs["dot_k_eff"] == 0.0
    # Samples that are not finite cannot be drawn; all others are.
    assert len(list((tmp_path / "dot").glob("*.png"))) == (name != "NaN generator")


def test_a_training_goes_on_without_a_transport(tmp_path):
    generator, critic = linear(2, [[3, 0], [0, 1]], "generator"), linear(2, [[0], [0]], "critic")
    callback = callbacks.DOTSamples(np.eye(2), tmp_path, num=8, updates=2, pairs=9)
    model = models.LipschitzGAN(generator, critic, seed=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "DOTSamples: `k_eff` must be positive")
        history = run(model, callback)
    assert history["dot_k_eff"] == [0.0, 0.0] and np.isnan(history["dot_score_after"]).all()


def test_a_model_without_such_a_critic_is_refused(tmp_path):
    callback = callbacks.DOTSamples(np.zeros((5, 2)), tmp_path, num=4)
    callback.set_model(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]))
    with pytest.raises(ValueError, match="needs a model that offers `generator`"):
        callback.on_train_begin()
    features = models.ACTGAN(
        networks.mlp(2, (4,), 2), networks.mlp(2, (4,), 5), networks.mlp(2, (4,), 5), seed=0
    )
    callback = callbacks.DOTSamples(np.zeros((5, 2)), tmp_path, num=4)
    callback.set_model(features)
    with pytest.raises(ValueError, match="`critic` must return one number per sample"):
        callback.on_train_begin()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"updates": 0}, "`updates` must be an integer of at least 1"),
        ({"pairs": 0}, "`pairs`"),
        ({"rate": 0.0}, "`rate` must be positive"),
        ({"columns": 0}, "`columns`"),
        ({"real": np.zeros((3, 3))}, "`real`"),
    ],
)
def test_bad_arguments(tmp_path, arguments, part):
    with pytest.raises(ValueError, match=part):
        callbacks.DOTSamples(**{"real": np.zeros((5, 2)), "directory": tmp_path, **arguments})
