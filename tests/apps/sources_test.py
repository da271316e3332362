import itertools

import numpy as np
import pytest
from PIL import Image

from apps import sources
from keras_ot_gans import datasets


def read(source, updates, first, count):
    dataset, first_pass = source.rounds(updates, first)
    next(iter(dataset))  # what `fit` does to check the data
    source.order.set_epoch(first_pass)
    return np.stack([round_.numpy() for round_ in itertools.islice(dataset, count)])


@pytest.mark.parametrize("updates", [1, 2, 5])
def test_rounds_after_a_stop_are_those_of_an_unbroken_run(act_config, updates):
    # 6 batches in a pass: rounds begin everywhere in a pass, and span two.
    source = sources.build_source(act_config)
    unbroken = read(source, updates, 0, 30)
    shape = (8, 2) if updates == 1 else (8, updates, 2)
    assert unbroken.shape[1:] == shape
    for first in (1, 3, 12, 25):
        again = read(sources.build_source(act_config), updates, first, 30 - first)
        np.testing.assert_array_equal(again, unbroken[first:])


def test_each_pass_sees_every_sample_once_in_a_new_order(act_config):
    source = sources.build_source(act_config)
    rows = read(source, 1, 0, 12).reshape(2, 48, 2)
    known = {tuple(row) for row in source.real}
    for one_pass in rows:
        seen = {tuple(row) for row in one_pass}
        assert len(seen) == 48 and seen <= known  # 50 points, the last two dropped
    assert not np.array_equal(rows[0], rows[1])


@pytest.mark.parametrize("name", sources.TOYS)
def test_every_toy_is_there_with_its_modes(act_config, name):
    act_config.data.name, points = name, 50
    if name == "imbalanced_grid":
        with act_config.unlocked():
            del act_config.data.n
            act_config.data.majority, act_config.data.minority = 9, 2
        points = 5 * 9 + 4 * 2
    source = sources.build_source(act_config)
    assert source.sample_shape == (1 if name == "bimodal_1d" else 2,)
    assert source.real.shape[0] == points
    assert source.mixture is None or source.mixture.name.startswith(name)
    np.testing.assert_array_equal(sources.toy_points(act_config), source.real)


def test_mode_weights_reach_data_and_modes(act_config):
    act_config.data.weights, act_config.data.n = (1.0, 0, 0, 0, 0, 0, 0, 0), 30
    source = sources.build_source(act_config)
    assert np.all(source.real[:, 0] > 1)  # mode 0 lies at (radius, 0)
    np.testing.assert_array_equal(source.mixture.weights, np.eye(8)[0])


def test_images_by_registered_name(image_config, mock_images):
    source = sources.build_source(image_config)
    assert source.sample_shape == (28, 28, 1) and source.real.shape == (6, 28, 28, 1)
    image_config.watch.metrics, image_config.watch.num_evaluated = ("earth_mover",), 7
    assert len(sources.build_source(image_config).real) == 14


@pytest.mark.parametrize("name", ["codes", "neighbours"])
def test_pictures_of_codes_see_more_images(image_config, mock_images, monkeypatch, name):
    image_config.watch.pictures = ("samples", name)
    assert len(sources.build_source(image_config).real) == 24  # all there are
    monkeypatch.setattr(sources, "_LOOKED_AT", 10)
    assert len(sources.build_source(image_config).real) == 10
    monkeypatch.setattr(sources, "_LOOKED_AT_BYTES", 4 * 9 * 28 * 28)
    assert len(sources.build_source(image_config).real) == 9


def test_images_of_any_set_and_size(image_config, mock_images):
    image_config.data.name, image_config.data.image_size = "tfds/svhn_cropped", 8
    assert sources.build_source(image_config).sample_shape == (8, 8, 3)


def test_missing_set_says_how_to_prepare_it_at_once(image_config, tmp_path):
    with pytest.raises(FileNotFoundError, match="`name` must be a prepared set"):
        sources.build_source(image_config, data_dir=str(tmp_path))


def test_folder_of_pictures(image_config, tmp_path):
    config = image_config
    config.data.name, config.data.split = "folder", None
    with pytest.raises(ValueError, match="`data_dir` must be a folder of pictures.*--data_dir"):
        sources.build_source(config)
    with pytest.raises(FileNotFoundError, match="`path` must hold pictures"):
        sources.build_source(config, str(tmp_path))
    for index in range(9):
        Image.new("RGB", (40, 30), (20 * index, 0, 0)).save(tmp_path / f"{index}.png")
    source = sources.build_source(config, str(tmp_path))
    assert source.sample_shape == (28, 28, 3)
    assert int(source.batches.cardinality()) == 2  # 9 pictures in batches of 4


def test_registered_sets_are_all_valid_names(image_config, tmp_path):
    for name in datasets.IMAGE_SETS:
        image_config.data.name = name
        with pytest.raises(FileNotFoundError):  # known, and not there
            sources.build_source(image_config, data_dir=str(tmp_path))
