"""Generators as SavedModels, which sample by themselves."""

from pathlib import Path

import keras
import tensorflow as tf

from keras_ot_gans.models.export_notes import FILE, ExportNotes
from keras_ot_gans.networks.conditioning import with_labels
from keras_ot_gans.ops.labels import Labels

NOTES = Path("assets.extra") / FILE  # the folder that TensorFlow leaves to its users


class _FirstDraw:
    """The first state of `keras.random.SeedGenerator(seed)`, by the method `ops.random` calls."""

    def __init__(self, seed: tf.Tensor):
        self._seed = seed

    def next(self) -> tf.Tensor:
        """Return int64 `(2,)`."""
        return tf.stack([self._seed, tf.zeros_like(self._seed)])


def write_saved_model(generator: keras.Model, path: Path, notes: ExportNotes) -> None:
    """Write a SavedModel with the signatures that `export_generator` tells.

    Args:
        generator: built `keras.Model`.
        path: folder, made here.
        notes: `ExportNotes`, written beside the graph.
    """
    labels, prior = notes.labels, notes.prior

    def generate(z: tf.Tensor, labels: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        samples = generator(with_labels(z, labels), training=False)
        return {"samples": tf.cast(samples, tf.float32)}

    def latents(seed: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
        return prior.sample((n, notes.latent_dim), _FirstDraw(seed))

    def sample(seed: tf.Tensor, n: tf.Tensor) -> dict[str, tf.Tensor]:
        if labels is None:
            return generate(latents(seed, n))
        drawn = labels.sample((n,), _FirstDraw(seed + 1))  # as `model.sample_labels`
        return {**generate(latents(seed, n), drawn), "labels": drawn}

    def sample_of(seed: tf.Tensor, labels: tf.Tensor) -> dict[str, tf.Tensor]:
        return generate(latents(seed, tf.shape(labels, tf.int64)[0]), labels)

    archive = keras.export.ExportArchive()
    archive.track(generator)
    takes = [tf.TensorSpec((None, notes.latent_dim), tf.float32, "z")]
    seed = tf.TensorSpec((), tf.int64, "seed")
    if labels is not None:
        takes.append(tf.TensorSpec((None, *labels.shape), labels.dtype, "labels"))
    archive.add_endpoint("generate", generate, takes)  # the first one is `serving_default` as well
    if labels is not None:
        archive.add_endpoint("sample_of", sample_of, [seed, takes[1]])
    if labels is None or isinstance(labels, Labels):
        archive.add_endpoint("sample", sample, [seed, tf.TensorSpec((), tf.int64, "n")])
    archive.write_out(path, verbose=False)
    notes_file = path / NOTES
    notes_file.parent.mkdir()
    notes_file.write_text(notes.to_text(), encoding="utf-8")
