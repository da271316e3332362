"""Own data by name, from the command line to the batches, the classes and the scores."""

import inspect
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import apps.train
from apps import data_advice, experiment, judging, own_data, run_labels, sources
from configs import act_8gaussians, act_mnist, age_stacked_mnist, lipschitz_mnist
from keras_ot_gans.datasets import folders
from keras_ot_gans.ops import Labels
from tests.apps.labelled_digits import small

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (20, 12, 16), dtype=np.uint8)


@pytest.fixture
def npz(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, images=PIXELS, labels=np.arange(20) % 4, index=np.arange(20))
    return str(path)


@pytest.fixture
def folder(tmp_path):
    for index, pixels in enumerate(PIXELS):
        path = tmp_path / "pictures" / "abcd"[index % 4] / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return str(tmp_path / "pictures")


@pytest.fixture
def config():
    config = small(lipschitz_mnist.get_config("gan"))
    config.data.key, config.train.batch_size = "images", 5
    config.data.name, config.data.with_labels = "npz", False
    return config


def parsed(run_app, file, *flags):
    """The config and folder that `apps.train` makes of its flags."""
    found = []
    code, _, error = run_app(
        apps.train,
        f"--config={file}",
        "--workdir=unused",
        *flags,
        main=lambda: found.extend((apps.train.FLAGS.config, apps.train.FLAGS.data_dir)),
    )
    assert code == 0, error
    return found


@pytest.mark.parametrize("name", ["act_mnist", "act_cifar10_dcgan", "ot_gan_mnist", "age_mnist"])
def test_one_line_trains_on_own_data(run_app, npz, folder, name):
    file = f"configs/{name}.py"
    few = "--config.train.batch_size=5"
    config, place = parsed(
        run_app,
        file,
        few,
        "--config.data.name=npz",
        "--config.data.key=images",
        f"--data_dir={npz}",
    )
    side = config.data.image_size
    assert sources.build_source(config, place).sample_shape == (side, side, 1)
    config, place = parsed(
        run_app, file, few, "--config.data.name=folder", f"--data_dir={folder}",
        "--config.data.channels=1", "--config.data.crop=8", "--config.data.image_size=8",
        "--config.data.flip=False", "--config.data.skip_unreadable=True",
    )  # fmt: skip
    source = sources.build_source(config, place)
    assert source.num_samples == 20 and int(source.batches.cardinality()) == 4
    # The middle 8 x 8 of each picture, each once.
    got = np.rint((np.concatenate(list(source.batches))[..., 0] + 1) * 127.5)
    want = PIXELS[:, 2:10, 4:12]
    assert sorted(map(np.ndarray.tobytes, got.astype(np.uint8))) == sorted(
        map(np.ndarray.tobytes, want)
    )


@pytest.mark.parametrize(
    ("crop", "want"),
    [
        (None, PIXELS[:, :, 2:14]),  # square
        ("square", PIXELS[:, :, 2:14]),
        ("1.0", PIXELS[:, :, 2:14]),
        ("4", PIXELS[:, 4:8, 6:10]),
        (4, PIXELS[:, 4:8, 6:10]),
        ("0.5", PIXELS[:, 3:9, 5:11]),
        ("whole", PIXELS),
    ],
)
def test_crop_by_words_that_a_flag_can_spell(config, npz, crop, want):
    section = own_data.without_stock(config.data) | {"crop": crop, "image_size": 2}
    images = next(iter(judging.real_images(section, npz)))
    n, height, width = want.shape  # shrinking to 2 x 2 takes means
    means = want.reshape(n, 2, height // 2, 2, width // 2).mean((2, 4))
    np.testing.assert_allclose((images[..., 0] + 1) * 127.5, means, atol=0.51)  # to whole levels
    config.data.crop = "middle"
    with pytest.raises(ValueError, match="`crop` must be None, \"square\".*'middle'"):
        sources.build_source(config, npz)


def test_whole_reaches_named_sets_too(image_config, mock_images):
    image_config.data.crop, image_config.data.image_size = "whole", 14
    whole = sources.build_source(image_config).real
    image_config.data.crop = "14"
    middle = sources.build_source(image_config).real
    image_config.data.crop = None
    np.testing.assert_array_equal(sources.build_source(image_config).real, whole)
    assert not np.array_equal(whole, middle)


def test_points_train_a_toy_config(npz, tmp_path):
    points = RNG.normal(size=(30, 2)).astype("float32")
    np.savez(tmp_path / "points.npz", points=points)
    config = act_8gaussians.get_config()
    config.data.name, config.train.batch_size = "npz", 10
    with pytest.raises(ValueError, match="`watch.metrics` must not hold 'mode_coverage'"):
        experiment.check(config)
    config.watch.metrics = ("earth_mover",)
    experiment.check(config)
    source = sources.build_source(config, str(tmp_path / "points.npz"))
    assert source.sample_shape == (2,) and source.mixture is None
    assert {tuple(row) for row in source.real} == {tuple(row) for row in points}
    assert sources.toy_points(config) is None


def test_classes_of_a_file_are_counted_and_trained_on(config, npz, folder):
    config.data.with_labels = True
    assert run_labels.of_data(config, npz) == Labels(4, (5, 5, 5, 5))
    source = sources.build_source(config, npz)
    samples, labels, total = source.sample()
    assert samples.shape == (20, 28, 28, 1) and total == 20
    assert np.bincount(labels).tolist() == [5, 5, 5, 5]
    config.data.label_key = "index"
    assert run_labels.of_data(config, npz).num_classes == 20
    config.data.label_key = "images"
    with pytest.raises(ValueError, match="`key` must be|`images` must be integers"):
        run_labels.of_data(config, npz)
    config.data.name, config.data.key, config.data.label_key = "folder", None, None
    assert run_labels.of_data(config, folder) == Labels(4, (5, 5, 5, 5))


def test_scores_see_all_images_once_in_order_unmirrored(config, npz):
    config.data.flip, config.data.image_size = True, 12
    section = own_data.without_stock(config.data)
    ((images, labels),) = judging.real_images(section, npz, with_labels=True)
    want = PIXELS[:, :, 2:14] / 127.5 - 1
    np.testing.assert_allclose(images[..., 0], want, atol=2.5e-7)
    assert labels.numpy().tolist() == (np.arange(20) % 4).tolist()
    config.watch.scores = ("kid",)
    (scores,) = judging.run_scores(config, npz)
    assert (scores.real_name, scores.split) == ("npz", "all")  # not the split of MNIST


@pytest.mark.parametrize("name", own_data.KINDS)
def test_missing_places_and_foreign_keys_are_named(config, name):
    config.data.name, config.data.with_labels, config.data.key = name, True, None
    for read in (
        lambda: sources.build_source(config),
        lambda: run_labels.of_data(config),
        lambda: judging.real_images(config.data, None),
    ):
        with pytest.raises(ValueError, match="`data_dir` must be a .*Pass --data_dir=F"):
            read()
    with pytest.raises(FileNotFoundError, match="`path` must be a"):
        sources.build_source(config, "~/nowhere at all")
    config.data.name, config.data.channels = "mnist", 1
    with pytest.raises(ValueError, match="`data` must have keys among.* Received: channels"):
        sources.build_source(config)


def test_what_is_left_out_belongs_to_the_stock_sets_alone():
    of_toys = set()
    for toy in sources.TOYS.values():
        of_toys |= set(inspect.signature(toy.points).parameters)
    for module in (act_8gaussians, act_mnist, age_stacked_mnist):
        known = set().union(
            *(inspect.signature(k.read).parameters for k in own_data.KINDS.values())
        )
        assert set(module.get_config().data) - {"name"} <= known | set(own_data.STOCK)
    assert set(own_data.STOCK) <= of_toys | {"split", "size"}


def test_broken_pictures_are_named_once_in_a_run(config, folder, caplog):
    with open(f"{folder}/a/broken.png", "w") as file:
        file.write("no picture")
    config.data.name, config.data.key = "folder", None
    with pytest.raises(ValueError, match="(?s)`path` must hold readable.*broken.png"):
        sources.build_source(config, folder)
    config.data.skip_unreadable = True
    with caplog.at_level(logging.WARNING):
        sources.build_source(config, folder)
        judging.real_images(own_data.without_stock(config.data), folder)  # reads them again
    assert caplog.text.count("a/broken.png: ") == 1


def test_classes_are_counted_in_the_pictures_that_are_used(config, folder):
    config.data.with_labels, config.data.skip_unreadable = True, True
    config.data.name, config.data.key = "folder", None
    for name in ("a/broken.png", "a/floats.tif", "d/broken.png"):
        with open(f"{folder}/{name}", "w") as file:
            file.write("no picture")
    Image.new("F", (8, 8), 0.5).save(f"{folder}/a/floats.tif")
    source = sources.build_source(config, folder)
    assert source.num_samples == 20
    for labels in (
        run_labels.of_data(config, folder),
        run_labels.of_run(config, None, folder),
        run_labels.of_run(config, None, folder, source),
    ):
        assert labels == Labels(4, (5, 5, 5, 5))
    (Path(folder) / "bb").mkdir()
    (Path(folder) / "bb" / "broken.png").write_text("no picture")
    message = "`path` must hold a readable picture of every class.* of bb are unreadable. Repair"
    for read in (sources.build_source, run_labels.of_data):
        with pytest.raises(ValueError, match=message):
            read(config, folder)
    config.data.with_labels = False  # without labels there is no class to ask for
    assert sources.build_source(config, folder).num_samples == 20


def test_classes_that_are_links_are_classes_and_twins_are_named_once(config, folder, caplog):
    root = Path(folder)
    (root / "d").rename(root.parent / "elsewhere")
    (root / "d").symlink_to(root.parent / "elsewhere", target_is_directory=True)
    (root / "e").symlink_to("d", target_is_directory=True)
    config.data.name, config.data.key, config.data.with_labels = "folder", None, True
    with caplog.at_level(logging.WARNING):
        source = sources.build_source(config, folder)
        assert run_labels.of_data(config, folder) == Labels(4, (5, 5, 5, 5))
    assert own_data.class_names(config.data, folder) == ["a", "b", "c", "d"]
    assert np.bincount(source.sample()[1]).tolist() == [5, 5, 5, 5]
    assert caplog.text.count(f"Left out {root / 'e'}: ") == 1


def test_advice_is_in_terms_of_flags(config, npz, folder):
    config.train.batch_size = 1000
    with pytest.raises(ValueError, match="`train.batch_size` must not exceed the number of samp"):
        sources.build_source(config, npz)
    config.data.name, config.data.key = "folder", None
    with pytest.raises(ValueError) as refused:
        sources.build_source(config, folder)
    assert str(refused.value).endswith("Take a smaller --config.train.batch_size.")
    with open(f"{folder}/a/broken.png", "w") as file:
        file.write("no picture")
    with pytest.raises(ValueError) as refused:
        sources.build_source(config, folder)
    advice = "Repair or remove them, or leave them out by --config.data.skip_unreadable=True."
    assert str(refused.value).endswith(advice)
    # Tiny ImageNet is read from a folder too, and has no such key.
    with pytest.raises(ValueError) as refused, data_advice.advice_in_flags(own=False):
        folders.from_folder(folder, 8)
    assert str(refused.value).endswith("Repair or remove them.")
    config.data.name, config.data.split = "mnist", "train"
    with pytest.raises(FileNotFoundError) as refused:
        sources.build_source(config, "nowhere")
    text = str(refused.value)
    assert "pass --download once, or run" in text and "pass that folder by --data_dir" in text
    assert "download=True" not in text


def test_a_config_of_points_is_no_beginning_for_pictures(folder):
    config = act_8gaussians.get_config()
    config.data.name, config.watch.metrics = "folder", ()
    with pytest.raises(ValueError, match="`data.image_size` must be given.*of points. Begin with"):
        sources.build_source(config, folder)
