"""Generated images from wherever they are, in batches."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from ml_collections import ConfigDict

from apps import model_builders, run_labels, run_players, tuned_sampler
from apps.look_up import look_up
from apps.run_folder import RunFolder
from apps.sampler_builders import Players, no_data
from keras_ot_gans.datasets.decoding import UnreadableImage, count_channels, read_image
from keras_ot_gans.datasets.npz_files import list_arrays, read_arrays
from keras_ot_gans.datasets.picture_files import find_images
from keras_ot_gans.datasets.pixels import prepare_image
from keras_ot_gans.models.exported import load_keras
from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.spread import spread
from keras_ot_gans.samplers import Sampler

_KEYS = ("samples", "images", "arr_0")
_BATCH = 100
_NO_LIMIT = 2**62  # bytes: whoever made the samples could hold them


class Generated(NamedTuple):
    """Generated images.

    Attributes:
        batches: what `ImageScores.evaluate` takes as `fake`.
        num: int, how many there are.
        shape: (height, width, channels).
        weights: "ema", "raw" or "unknown".
        sampler: "prior", "files" or the sampler and its settings in a line.
        origin: str, where they come from, in words.
        config: config of the run, if they come from one.
        labelled: bool, whether each batch comes with its labels.
        seen: the splits by which the sampler was calibrated or tuned.
    """

    batches: Any
    num: int
    shape: tuple[int, int, int]
    weights: str
    sampler: str
    origin: str
    config: ConfigDict | None = None
    labelled: bool = False
    seen: frozenset[str] = frozenset()


class PictureBatches:
    """Pictures of files, decoded batch by batch.

    Args:
        files: paths.
        channels: 1 or 3.
        size: (height, width) to crop square and resize to; None leaves pictures as they are.
    """

    def __init__(
        self, files: Sequence[Path], channels: int, size: tuple[int, int] | None = None
    ) -> None:
        """Keep the names."""
        self.files, self.channels, self.size = files, channels, size

    def __iter__(self) -> Iterator[np.ndarray]:
        """Decode."""
        for start in range(0, len(self.files), _BATCH):
            pictures = [self._read(file) for file in self.files[start : start + _BATCH]]
            odd = [i for i, picture in enumerate(pictures) if picture.shape != pictures[0].shape]
            if odd:
                raise ValueError(
                    "`images` must be pictures of one size. Received: "
                    f"{self.files[start + odd[0]]} of {pictures[odd[0]].shape[:2]}, after "
                    f"{pictures[0].shape[:2]}. Resize them, or remove it."
                )
            yield np.stack(pictures)

    def _read(self, file: Path) -> np.ndarray:
        try:
            picture = read_image(file, self.channels)
        except UnreadableImage as error:
            raise _unreadable(file, error) from error
        if self.size is None:
            return picture
        with tf.device("CPU:0"):
            return prepare_image(tf.constant(picture), tuple(self.size), "square").numpy()


def _channels(file: Path) -> int:
    """Return 1 for a grey picture, 3 for colour."""
    try:
        return count_channels(file)
    except UnreadableImage as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: UnreadableImage) -> ValueError:
    return ValueError(
        f"`images` must be readable pictures. Received: {file} ({error.reason}). Remove it."
    )


def load(request: Any, num: int) -> Generated:
    """Find the generated images of a request.

    Args:
        request: `evaluation.Request` with one of `workdir`, `generator`, `images`, `npz`.
        num: int, images to be generated; files have their own number.

    Returns:
        `Generated`.

    Raises:
        ValueError: if they cannot be read, or the generator makes no images.
        FileNotFoundError: if there are no files.
    """
    if request.npz is not None:
        return _of_array(request.npz, request.seed)
    if request.images is not None:
        return _of_pictures(request.images, request.seed)
    config, weights = None, "unknown"
    if request.workdir is not None:
        config = ConfigDict(RunFolder(request.workdir).read_config())
        weights = "raw" if config.model.get("ema_decay") is None else "ema"
    players = _players(request, config)
    network, labels = players.generator, players.labels
    _check_takes_latents(network, labels, players.origin)
    seen = frozenset()
    if request.sampler is None:
        draw, sampler = _from_prior(network, players.prior, labels, num, request.seed), "prior"
    else:
        made = tuned_sampler.build(request.sampler, players, _BATCH)
        draw, sampler = _by_sampler(made.sampler, labels, num, request.seed), made.describe()
        seen = made.seen
    shape, labelled = network.output_shape[1:], labels is not None
    return Generated(draw, num, shape, weights, sampler, players.origin, config, labelled, seen)


def _of_array(path: str, seed: int) -> Generated:
    images = read_npz("npz", path)
    parts = _Shuffled(images, np.random.default_rng(seed).permutation(len(images)))
    return Generated(parts, len(images), images.shape[1:], "unknown", "files", Path(path).name)


def _of_pictures(folder: str, seed: int) -> Generated:
    files = find_pictures("images", folder)
    order = np.random.default_rng(seed).permutation(len(files))
    batches = PictureBatches([files[index] for index in order], _channels(files[0]))
    shape = next(iter(batches)).shape[1:]
    return Generated(batches, len(files), shape, "unknown", "files", Path(folder).name)


def _players(request: Any, config: ConfigDict | None) -> Players:
    """Return the networks of a run, whose config is given, or a saved generator."""
    other = request.critic_workdir
    if config is not None:
        folder = RunFolder(request.workdir)
        players = run_players.load_players(folder, config, request.data_dir, other)
        return players._replace(origin=f"{folder.path.name}/{players.origin}")
    path = Path(request.generator).expanduser()
    prior = look_up("prior", request.prior, model_builders.PRIORS)()
    network = load_keras(path, "--generator", "Save it by `model.generator.save(path)`.")
    critic = None if other is None else run_players.load_critic(other)
    origin = path.name + run_players.judged_by(other)
    return Players(network, critic, prior, None, no_data, origin)


def _check_takes_latents(network: keras.Model, labels: Labels | None, origin: str) -> None:
    """Check that a generator makes images of latents, and of labels where there are any."""
    takes = network.input_shape if labels is None else network.input_shape[0]
    if len(network.output_shape) != 4 or not isinstance(takes, tuple) or len(takes) != 2:
        raise ValueError(
            "`generator` must make images (height, width, channels) of latents (B, d). Received: "
            f"{origin} with input {network.input_shape} and output {network.output_shape}. A "
            "conditional one is scored by the --workdir of its run, which knows the labels."
        )


def find_pictures(flag: str, folder: str) -> list[Path]:
    """List the pictures of a folder.

    Args:
        flag: name of the flag, for the message.
        folder: path.

    Returns:
        List of paths, in one order on every machine.

    Raises:
        ValueError: if there is no such folder or no picture in it, or it cannot be read.
    """
    try:
        return find_images(Path(folder).expanduser())
    except (FileNotFoundError, ValueError) as error:
        raise ValueError(
            f"`--{flag}` must be a folder of pictures. Received: {folder} ({error})"
        ) from error


def read_npz(flag: str, path: str) -> np.ndarray:
    """Read an array of images.

    Args:
        flag: name of the flag, for the message.
        path: `.npz` with the array `samples`, `images` or `arr_0`, or one array only; or `.npy`.

    Returns:
        Array `(n, height, width, channels)`.

    Raises:
        ValueError: if there is no such array.
    """
    file = Path(path).expanduser()
    try:
        names = list(list_arrays(file))
        chosen = next((name for name in _KEYS if name in names), None)
        if chosen is None and len(names) == 1:
            chosen = names[0]
        images = np.empty(0)
        if chosen is not None:
            images = read_arrays(file, [chosen], memory_limit=_NO_LIMIT)[0]
    except (OSError, ValueError) as error:
        raise ValueError(
            f"`--{flag}` must be a .npz file that can be read. Received: {path}. {error}"
        ) from error
    if images.ndim != 4:
        received = ", ".join(names) or "no arrays"
        if chosen is not None:
            received = f"{chosen} of shape {images.shape}"
        raise ValueError(
            f"`--{flag}` must hold images, axes (n, height, width, channels), as `samples`, "
            f"`images` or its only array. Received: {path} with {received}."
        )
    return images


class _Shuffled:
    """An array's batches in another order: intervals and splits want no order of classes."""

    def __init__(self, images: np.ndarray, order: np.ndarray) -> None:
        self.images, self.order = images, order

    def __iter__(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self.order), _BATCH):
            yield self.images[self.order[start : start + _BATCH]]


def _from_prior(
    network: Any, prior: Any, labels: Labels | None, num: int, seed: int
) -> Callable[[], Iterator[Any]]:
    """Return a function that generates from the latents, and the labels, of a seed, by batches."""

    def generate(z: tf.Tensor, classes: tf.Tensor | None = None) -> tf.Tensor:
        return network(with_labels(z, classes), training=False)

    def draw() -> Iterator[Any]:
        shape = (num, run_players.latent_dim(network))
        given = [np.asarray(prior.sample(shape, keras.random.SeedGenerator(seed)))]
        signature = [tf.TensorSpec((None, shape[1]), tf.float32)]
        if labels is not None:
            given.append(run_labels.draw(labels, num, seed))
            signature.append(tf.TensorSpec((None,), tf.int32))
        run = spread(tf.function(generate, input_signature=signature))
        for start in range(0, num, _BATCH):
            part = [values[start : start + _BATCH] for values in given]
            images = run(*part).numpy()
            yield images if labels is None else (images, part[1])

    return draw


def _by_sampler(
    sampler: Sampler, labels: Labels | None, num: int, seed: int
) -> Callable[[], Iterator[Any]]:
    """Return a function that draws by a sampler, by batches."""

    def draw() -> Iterator[Any]:
        classes = run_labels.draw(labels, num, seed)
        start = 0
        for images in sampler.batches(num, seed, classes):
            part = slice(start, start + len(images))
            start = part.stop
            yield images if classes is None else (images, classes[part])

    return draw
