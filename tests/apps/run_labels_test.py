"""Labels from the data to the networks."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from apps import builders, experiment, run_labels, sources
from configs import act_mnist, lipschitz_cifar10, lipschitz_mnist
from keras_ot_gans.layers import ClassProjection, ConditionalBatchNormalization
from keras_ot_gans.ops import Labels
from tests.apps.labelled_digits import COUNTS, digits, small


@pytest.fixture
def config():
    return small(lipschitz_mnist.get_config("sngan"))


def test_batches_come_with_their_labels(config):
    with digits():
        source = sources.build_source(config)
    assert source.sample_shape == (28, 28, 1) and source.real.shape == (25, 28, 28, 1)
    for updates, shape in ((1, (8,)), (3, (8, 3))):
        dataset, _ = source.rounds(updates, first=0)
        images, labels = next(iter(dataset))
        assert labels.shape == shape and images.shape[: len(shape)] == shape
        np.testing.assert_allclose((images[..., 0, 0, 0] + 1) * 127.5, 20 * labels, atol=1e-4)


def test_labels_are_drawn_as_often_as_the_data_have_them(config):
    with digits():
        assert run_labels.of_data(config) == Labels(10, COUNTS)
        config.data.name = "tfds/mnist"
        assert run_labels.of_run(config, None, None) == Labels(10, COUNTS)
    config.data.with_labels = False
    assert run_labels.of_run(config, None, None) is None


def test_labels_of_sets_that_lie_in_folders(config, tmp_path):
    for number, folder in enumerate(("cats", "dogs", "dogs")):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.new("L", (28, 28), 40 * number).save(tmp_path / folder / f"{number}.png")
    config.data.name, config.data.split = "folder", None
    config.train.batch_size = 3
    assert run_labels.of_data(config, str(tmp_path)) == Labels(2, (1, 2))
    images, labels = next(iter(sources.build_source(config, str(tmp_path)).batches))
    np.testing.assert_array_equal(labels, images[:, 0, 0, 0] > -1)  # the cat is black
    config.data.name = "tiny_imagenet"
    assert run_labels.of_data(config) == Labels(200)


def test_labels_that_are_no_classes_are_refused(config, monkeypatch):
    features = {"label": tfds.features.Scalar(tf.int64)}
    builder = SimpleNamespace(info=SimpleNamespace(features=features))
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: builder)
    config.data.name = "tfds/prices"
    with pytest.raises(ValueError, match="`data.with_labels` must be False where.*'tfds/prices'"):
        run_labels.of_data(config)


CONDITIONAL = ("sndcgan", "sngan_resnet", "wgan_gp_resnet")


@pytest.mark.parametrize("name", CONDITIONAL)
def test_networks_learn_the_classes_from_the_data(config, name):
    for part in (config.model.generator, config.model.critic):
        part.name = name
    if name != "sndcgan":
        with config.unlocked():
            del config.model.critic["negative_slope"]
    model = builders.build_model(config, (28, 28, 1), Labels(4))
    assert model.labels == Labels(4) and model.critic.output_shape == (None, 1)
    norms = [p for p in model.generator.layers if isinstance(p, ConditionalBatchNormalization)]
    assert norms and {norm.gamma.shape[0] for norm in norms} == {4}
    (projection,) = [p for p in model.critic.layers if isinstance(p, ClassProjection)]
    assert projection.num_classes == 4 and projection.spectral_norm


@pytest.mark.parametrize("role", ["generator", "critic"])
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "name",
            "dcgan",
            "one of ot_gan, sndcgan, sngan_resnet, wgan_gp.*Received: 'dcgan'",
        ),
        ("num_classes", 10, "left out: the data say it. Received: 10"),
    ],
)
def test_what_takes_no_labels_is_named(config, role, key, value, message):
    with config.unlocked():
        config.model[role][key] = value
    with pytest.raises(ValueError, match=f"`model.{role}.{key}` must be {message}"):
        builders.build_model(config, (28, 28, 1), Labels(10))


def test_models_and_scores_without_labels_are_named(config, image_config, mock_images, tmp_path):
    with image_config.unlocked():
        image_config.data.with_labels = True
    with pytest.raises(ValueError, match="`model.name` must be lipschitz_gan.*'act_gan'"):
        experiment.train_and_evaluate(image_config, str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    config.data.with_labels, config.watch.scores = False, ("kid", "intra_fid")
    with pytest.raises(ValueError, match="`watch.scores` must be scores without labels.*intra_fid"):
        experiment.check(config)
    config.data.with_labels = True
    experiment.check(config)


@pytest.mark.parametrize("module", [lipschitz_mnist, lipschitz_cifar10])
def test_configs_have_the_key_where_a_conditional_model_exists(module):
    assert module.get_config().data.with_labels is False
    assert "with_labels" not in act_mnist.get_config().data


def test_dry_run_tells_the_classes(labelled_config, capsys):
    logs = experiment.train_and_evaluate(labelled_config, None, dry_run=True)
    assert np.all(np.isfinite(list(logs.values())))
    assert "LipschitzGAN on mnist, samples (28, 28, 1), 10 classes" in capsys.readouterr().out
