"""What the base class does for all methods, tried on ACTGAN."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import models, networks, ops
from tests.models.cases import CASES, adam, critic, generator, navigator
from tests.models.harness import STEPS, changed_since, moved, reference, states, weights

X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
ROLES = ("critic", "generator", "navigator")


def gan(compiled=True, **kwargs):
    keras.utils.set_random_seed(0)
    kwargs = {"critic": critic(), "generator_steps": 1, "seed": 1, **kwargs}
    model = models.ACTGAN(generator(batch_norm=True), navigator(), **kwargs)
    if compiled:
        model.compile(adam(model), run_eagerly=True)
    return model


# --- compile ---


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (("generator", "navigator"), r"`optimizers` must have exactly.*missing \['critic'\]"),
        ((*ROLES, "encoder"), r"unknown \['encoder'\]"),
        ((), r"missing \['critic', 'generator', 'navigator'\]"),
    ],
)
def test_every_role_needs_its_optimizer(roles, message):
    with pytest.raises(ValueError, match=message):
        gan(compiled=False).compile({role: keras.optimizers.Adam() for role in roles})


def test_no_two_roles_share_an_optimizer():
    one = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="`optimizers` must give each role an optimizer of its"):
        gan(compiled=False).compile(dict.fromkeys(ROLES, one))


def test_names_of_optimizers_will_do():
    model = gan(compiled=False)
    model.compile(dict.fromkeys(ROLES, "sgd"))
    made = [model.optimizer_of(role) for role in ROLES]
    assert len({id(optimizer) for optimizer in made}) == 3
    assert all(isinstance(optimizer, keras.optimizers.SGD) for optimizer in made)


def test_slots_are_there_as_soon_as_it_is_compiled():
    model = gan()
    for role in ROLES:
        # Adam: iterations, learning rate, two moments of each variable.
        expected = 2 + 2 * len(model.variables_of(role))
        assert len(model.optimizer_of(role).variables) == expected
    assert model.optimizer is None


def test_fit_before_compile_is_refused():
    with pytest.raises(ValueError, match=r"`compile` must be called before `fit`.*'navigator'"):
        gan(compiled=False).fit(X)


# --- construction ---


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"latent_dim": 4}, r"`latent_dim` must equal the generator's input width 3.*=4"),
        ({"ema_decay": 1.0}, r"`ema_decay` must be None or in \(0, 1\).*=1\.0"),
        ({"ema_decay": 0.0}, r"`ema_decay`"),
    ],
)
def test_bad_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        gan(**keywords)


def test_base_class_is_abstract():
    with pytest.raises(TypeError, match="`AdversarialModel` must define networks and train_step"):
        models.AdversarialModel(generator())

    class Half(models.AdversarialModel):
        def train_step(self, data):
            return self.logs()

    class Other(models.AdversarialModel):
        networks = {}

    with pytest.raises(TypeError, match=r"`Half` must define networks\. Received: an abstract"):
        Half(generator())
    with pytest.raises(TypeError, match="`Other` must define train_step"):
        Other(generator())

    class Whole(Half):
        @property
        def networks(self):
            return {"generator": [self.generator]}

    assert Whole(generator()).step == 0


@pytest.mark.parametrize(
    "network",
    [
        keras.Sequential([keras.layers.Dense(2)]),
        keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()]),
    ],
)
def test_generator_must_take_latents(network):
    with pytest.raises(ValueError, match=r"`generator` must be a built model of latents"):
        models.ACTGAN(network, navigator())


def test_latents_follow_the_prior():
    model = gan(prior=ops.Uniform(2.0, 3.0))
    for z in (model.sample_latents(50), model.latents(50).numpy()):
        assert z.shape == (50, 3)
        assert 2.0 <= z.min() < z.max() < 3.0


@pytest.mark.parametrize("role", ["encoder", "", None])
def test_unknown_role_is_named(role):
    model = gan()
    for method in (model.freeze, model.unfreeze, model.optimizer_of):
        with pytest.raises(ValueError, match="`role` must be one of 'generator', 'navigator'"):
            method(role)


# --- freezing while fit runs ---


def test_freezing_takes_effect_at_once_inside_fit():
    model = gan(compiled=False, critic=None)
    model.compile(adam(model))
    seen = []

    def look(batch, logs=None):
        seen.append(weights(model.variables_of("navigator")))
        if batch == 1:
            model.freeze("navigator")
        if batch == 2:
            model.unfreeze("navigator")

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=look)
    model.fit(X, batch_size=4, shuffle=False, verbose=0, callbacks=[callback])
    same = [
        all((a == b).all() for a, b in zip(seen[i], seen[i + 1], strict=True)) for i in range(3)
    ]
    assert same == [False, True, False]


def test_all_roles_frozen_is_a_still_game():
    model = gan()
    for role in ROLES:
        model.freeze(role)
    assert model.frozen == ROLES
    assert moved(model, lambda: model.train_step(X)) == set()
    assert model.step == 0


# --- moving average ---


def test_average_follows_its_recursion_and_copies_moving_statistics():
    model = gan(ema_decay=0.8)
    expected = weights(model.generator.weights)
    for a, b in zip(expected, weights(model.ema_generator.weights), strict=True):
        np.testing.assert_array_equal(a, b)
    for _ in range(4):
        model.train_step(X)
        for index, v in enumerate(model.generator.weights):
            new = v.numpy()
            expected[index] = 0.8 * expected[index] + 0.2 * new if v.trainable else new
    for v, a, b in zip(
        model.generator.weights, expected, weights(model.ema_generator.weights), strict=True
    ):
        # Float32 and float64 roundings of four steps.
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-6, err_msg=v.path)
    assert any("moving_variance" in v.path for v in model.generator.weights)


def test_average_is_what_is_sampled_unless_told_otherwise():
    model = gan(ema_decay=0.8)
    model.train_step(X)
    z = model.sample_latents(5, seed=0)
    for use_ema, network in ((True, model.ema_generator), (False, model.generator)):
        expected = network(z, training=False)
        np.testing.assert_allclose(model.generate(z, use_ema=use_ema), expected, atol=1e-6)
        np.testing.assert_array_equal(
            model.sample(5, seed=0, use_ema=use_ema), model.generate(z, use_ema=use_ema)
        )
    assert np.abs(model.generate(z) - model.generate(z, use_ema=False)).max() > 0


def test_average_stands_still_with_the_generator():
    model = gan(ema_decay=0.8)
    model.freeze("generator")
    before = weights(model.ema_generator.weights)
    model.train_step(X)
    for a, b in zip(before, weights(model.ema_generator.weights), strict=True):
        np.testing.assert_array_equal(a, b)


# --- sampling ---


@pytest.mark.parametrize("z", [np.zeros((2, 4)), np.zeros(3)])
def test_latents_of_the_wrong_width_are_refused(z):
    with pytest.raises(ValueError, match=r"`z` must have shape \(n, 3\)\. Received: shape"):
        gan().generate(z)


@pytest.mark.parametrize("kind", ["act", "sliced"])
def test_looking_does_not_change_the_training(kind):
    plain, looked = (gan() if kind == "act" else CASES["sliced"].compiled() for _ in range(2))
    for _ in range(3):
        plain.train_step(X)
        looked.train_step(X)
        looked.sample(3)
        looked.sample(3, seed=0)
        looked.test_step(X)
    assert changed_since(states(plain), looked) == {looked.sample_seed.state.path}


def test_evaluation_draws_new_latents_each_time():
    model = gan()
    values = [model.evaluate(X, verbose=0, return_dict=True)["transport_cost"] for _ in range(2)]
    assert values[0] != values[1]


def test_generator_alone_loads_with_plain_keras(tmp_path):
    model = reference(CASES["with_critic"])
    model.generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", custom_objects={})
    z = model.sample_latents(4, seed=0)
    expected = model.generate(z, use_ema=False)
    np.testing.assert_allclose(loaded(z, training=False), expected, atol=1e-6)
    assert {type(layer).__module__.split(".")[0] for layer in loaded.layers} == {"keras"}


def test_call_and_predict_generate():
    model = reference(CASES["without_critic"])
    z = model.sample_latents(4, seed=0)
    np.testing.assert_allclose(
        model.predict(z, verbose=0), model.generate(z, use_ema=False), atol=1e-6
    )


def test_steps_count_generator_updates():
    assert reference(CASES["with_critic"]).step == 2 * STEPS


def test_dropout_resumes_too(tmp_path):
    keras.utils.set_random_seed(0)
    z = keras.Input((3,))
    network = keras.Model(z, keras.layers.Dense(2)(keras.layers.Dropout(0.5)(z)))
    model = models.ACTGAN(network, navigator(), seed=1)
    model.compile(adam(model))
    model.fit(X, batch_size=8, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for m in (model, loaded):
        m.fit(X, batch_size=8, shuffle=False, verbose=0)
    for (path, a), (_, b) in zip(states(model), states(loaded), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=path)


def test_learning_rate_schedule_is_saved(tmp_path):
    model = gan(compiled=False)
    decay = keras.optimizers.schedules.ExponentialDecay(1e-3, 10, 0.5)
    model.compile({role: keras.optimizers.Adam(decay) for role in ROLES}, run_eagerly=True)
    model.train_step(X)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    rate = loaded.optimizer_of("generator").learning_rate
    np.testing.assert_allclose(rate, 1e-3 * 0.5**0.1, rtol=1e-5)
    assert loaded.run_eagerly


def test_names_of_networks_do_not_matter():
    # Two networks of one name: their variables have the same paths.
    model = models.ACTGAN(networks.mlp(3, (4,), 2), networks.mlp(2, (4,), 4), seed=0)
    model.compile(adam(model), run_eagerly=True)
    assert moved(model, lambda: model.train_step(X)) == {"generator", "navigator"}


def test_float64_dataset_is_narrowed():
    model = gan(critic=None)
    data = tf.data.Dataset.from_tensor_slices(X.astype("float64")).batch(8)
    model.fit(data, verbose=0)
    assert model.step == 2
