"""Stacked MNIST by name: from the config to a run, its notes, its labels and its scores."""

import json
import shutil
import types

import numpy as np
import pytest

from apps import builders, experiment, held_out, judging, run_data, run_labels, schedule, sources
from configs import age_mnist, age_stacked_mnist, lipschitz_mnist
from keras_ot_gans import datasets
from keras_ot_gans.divergences import bidirectional, f_divergence
from keras_ot_gans.ops.labels import Labels
from tests.apps.labelled_digits import digits
from tests.apps.labelled_digits import small as small_labelled
from tests.apps.same_runs import assert_same_run, stop_after


@pytest.fixture
def mnist():
    """Sixty images in place of MNIST's."""
    with digits():
        yield


@pytest.fixture
def config():
    """Two epochs of narrow networks on forty images: five batches in a pass, four in an epoch."""
    config = age_stacked_mnist.get_config()
    for role in ("generator", "encoder", "discriminator"):
        config.model[role].width = 2
    config.model.discriminator.dense_width, config.data.size = 4, 40
    config.train.generator_updates, config.train.updates_per_epoch = 8, 4
    config.train.batch_size, config.train.steps_per_execution = 8, 2
    config.watch.num_pictured, config.watch.pictures = 6, ()
    return config


def test_the_stock_config_is_the_papers(mnist):
    """Shen, Zhang and Chen, 2020, appendix E.2 and Tables 8 to 10."""
    config = age_stacked_mnist.get_config()
    model = builders.build_model(config, (28, 28, 3))
    # As counted in tests/networks/age_counts.py: tables, norms and the noise's scales.
    assert {role: parts[0].count_params() for role, parts in model.networks.items()} == {
        "generator": 1_061_571 + 1_792 + 22_912,
        "encoder": 1_028_800 + 1_792 + 65_552,
        "discriminator": 1_029_248 + 4_203_520 + 1_025,
    }
    assert (model.code_dim, model.ema_decay, model.discriminator_steps) == (8, None, 1)
    assert model.objective == bidirectional.age(f_divergence.all_divergences)
    for role in model.networks:
        adam = model.optimizer_of(role)
        assert (adam.learning_rate, adam.beta_1, adam.beta_2) == (np.float32(1e-4), 0.0, 0.999)
    source = sources.build_source(config)
    planned = schedule.plan(config, model)
    assert (source.num_samples, config.train.batch_size) == (128_000, 64)
    assert planned == (50, int(source.batches.cardinality()), 1)  # an epoch is a pass


def test_objectives_are_those_of_age_mnist():
    for word in age_mnist.OBJECTIVES:
        objective = age_stacked_mnist.get_config(word).model.objective
        assert objective == age_mnist.get_config(word).model.objective
    with pytest.raises(ValueError, match="`objective` must be one of all, .*Received: 'acgan'"):
        age_stacked_mnist.get_config("acgan")


def test_images_are_those_of_size_and_seed_in_the_order_of_the_run(config, mnist):
    first = sources.build_source(config)
    stacked = datasets.load_stacked_mnist(size=40, seed=0)
    order = datasets.EpochShuffle(config.train.seed).permutation(40, 0)
    np.testing.assert_array_equal(first.real[:6], stacked.images(order[:6]))
    config.train.seed = 1
    other_order = sources.build_source(config)
    config.data.seed = 1
    other_images = sources.build_source(config)

    def images(source):
        return {image.tobytes() for batch in source.batches for image in batch.numpy()}

    assert images(first) == images(other_order)
    assert len(images(first)) == 40 and not images(first) & images(other_images)


def test_a_stopped_run_ends_as_one_that_was_not(config, mnist, tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    experiment.train_and_evaluate(config, str(whole))
    shutil.copytree(whole, stopped)
    stop_after(stopped, 1)
    note = {"samples": 40, "shape": [28, 28, 3], "set": "mnist/3.0.1", "split": "train"}
    assert json.loads((stopped / "data.json").read_text()) == note
    (stopped / "data.json").write_text(json.dumps(note | {"set": "mnist/2.0.0"}))
    with pytest.raises(ValueError, match="data.set: 'mnist/2.0.0' there, 'mnist/3.0.1' now"):
        experiment.train_and_evaluate(config, str(stopped))
    shutil.copy(whole / "data.json", stopped)
    experiment.train_and_evaluate(config, str(stopped))
    assert_same_run(stopped, whole)


@pytest.mark.parametrize("get_config", [age_mnist.get_config, lipschitz_mnist.get_config])
def test_a_config_of_mnist_becomes_one_by_its_name(get_config, mnist):
    config = get_config()
    config.data.name, config.data.with_labels = "stacked_mnist", False
    source = sources.build_source(config)
    assert source.sample_shape == (28, 28, 3) and source.num_samples == 128_000
    config.data.split = "test"
    assert run_data.describe(config, source, None)["split"] == "test"


def test_labels_are_the_thousand_modes(config, mnist):
    config.data.with_labels = True
    source = sources.build_source(config)
    stacked = datasets.load_stacked_mnist(size=40)
    order = datasets.EpochShuffle(config.train.seed).permutation(40, 0)
    np.testing.assert_array_equal(source.labels, stacked.labels[order][: len(source.labels)])
    expected = Labels.of_data(stacked.labels, 1000).get_config()
    assert run_labels.of_data(config, source=source).get_config() == expected
    assert run_labels.of_data(config).get_config() == expected


def test_a_conditional_model_has_a_thousand_classes(mnist):
    config = small_labelled(lipschitz_mnist.get_config("gan"))
    config.data.name = "stacked_mnist"
    labels = run_labels.of_data(config)
    assert np.count_nonzero(labels.frequencies) == 9**3  # no digit of `mnist` is a 9
    model = builders.build_model(config, (28, 28, 3), labels)
    assert model.sample(3).shape == (3, 28, 28, 3)


def test_scores_compare_with_all_images_in_order(config, mnist):
    config.watch.scores, config.watch.network = ("fid",), "classifier"
    assert judging.without_classes(config, None) is None and judging.run_scores(config, None)
    stacked = datasets.load_stacked_mnist(size=40)
    images = list(judging.real_images(dict(config.data), None))
    np.testing.assert_array_equal(np.concatenate(images), stacked.images(slice(None)))
    pairs = list(judging.real_images(dict(config.data), None, with_labels=True))
    np.testing.assert_array_equal(np.concatenate([y for _, y in pairs]), stacked.labels)
    # `apps.evaluate --data=stacked_mnist` names nothing but the size of the generated images.
    section = {"name": "stacked_mnist", "image_size": (28, 28)}
    assert int(judging.real_images(section, None).cardinality()) == 128_000 // judging.BATCH


def test_held_out_images_are_of_the_digits_of_the_test_split(config, mnist, monkeypatch):
    prepared = types.SimpleNamespace(info=types.SimpleNamespace(splits=("train", "test")))
    monkeypatch.setattr(sources, "tfds_set", lambda config, _: (prepared, config.data.split))
    found = held_out.read(config, 7)
    assert found.origin == "test" and found.samples.shape == (7, 28, 28, 3)
    config.data.split = "train+test"
    assert held_out.read(config, 7).origin == "training"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("image_size", 32, "`data.image_size` must be 28 for stacked_mnist.*Received: 32"),
        ("flip", True, "`data.flip` must be False for stacked_mnist.*Received: True"),
        ("crop", "20", "`data` must have keys among split, size, seed, .*Received: crop"),
        ("channels", 3, "`data` must have keys among split, size, .*Received: channels"),
        ("size", 0, "`size` must be a positive int. Received: size=0"),
        ("size", 7, "`train.batch_size` must not exceed the number of samples, 7"),
        ("name", "stacked_mnits", "`data.name` must be one of .*Did you mean 'stacked_mnist'"),
    ],
)
def test_bad_keys_are_named(config, mnist, key, value, message):
    config.data[key] = value
    with pytest.raises(ValueError, match=message):
        sources.build_source(config)


def test_missing_digits_are_said_in_flags(config, tmp_path):
    with pytest.raises(FileNotFoundError, match="`name` must be a prepared.*'mnist'.*--download"):
        sources.build_source(config, data_dir=str(tmp_path))


def test_own_data_need_no_size_of_the_draws(config, tmp_path):
    np.savez(tmp_path / "mine.npz", images=np.zeros((20, 28, 28, 3), np.uint8))
    config.data.name = "npz"
    assert sources.build_source(config, str(tmp_path / "mine.npz")).num_samples == 20
