"""What `LipschitzGAN` asks of its arguments."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.losses import Consistency, Penalty, check_phi
from keras_ot_gans.losses.phi import Phi
from keras_ot_gans.models.features import couples_samples
from keras_ot_gans.ops.labels import Labels


def check_objectives(
    phi: Phi,
    penalty: Penalty | None,
    consistency: Consistency | None,
    generator_loss: Callable,
) -> None:
    """Check that the objectives are what they are taken for, and that `phi` can train a critic.

    Args:
        phi: function of logits. One outside eq. 12 draws a warning, see `losses.check_phi`.
        penalty: `losses.Penalty` or None.
        consistency: `losses.Consistency` or None.
        generator_loss: function `(fake_logits, phi) -> scalar`.

    Raises:
        TypeError: if one is of another type.
        ValueError: if `phi` is refused.
    """
    for name, value, kind, advice in (
        ("penalty", penalty, Penalty, "`losses.penalties.gradient_penalty()`"),
        ("consistency", consistency, Consistency, "`losses.Consistency()`"),
    ):
        if value is not None and not isinstance(value, kind):
            raise TypeError(
                f"`{name}` must be None or a `losses.{kind.__name__}`. Received: {value!r}. "
                f"Try {advice}."
            )
    if not callable(generator_loss):
        raise TypeError(
            "`generator_loss` must be a function of fake logits and `phi`. Received: "
            f"{generator_loss!r}. Try `losses.linear_generator_loss`."
        )
    check_phi(phi)


def check_networks(
    generator: keras.Model, critic: keras.Model, labels: Labels | None, penalty: Penalty | None
) -> None:
    """Check that the critic takes what the generator makes, and judges sample by sample.

    Args:
        generator: `keras.Model`.
        critic: `keras.Model`.
        labels: `ops.Labels` of a conditional model, or None.
        penalty: `losses.Penalty` or None.

    Raises:
        ValueError: if it does not.
    """
    if not (critic.built and getattr(critic, "inputs", None)):
        raise ValueError(
            "`critic` must be a built functional or sequential model. Received: "
            f"{critic.name!r} without inputs. Begin it with `keras.Input`."
        )
    shapes = [tuple(tensor.shape) for tensor in critic.inputs]
    expected = 1 if labels is None else 2
    if len(shapes) != expected:
        wanted = "[x, labels]" if expected == 2 else "x alone"
        raise ValueError(
            f"`critic` must take {wanted}{'' if labels is None else ' where `labels` are given'}. "
            f"Received: {len(shapes)} inputs of shapes {shapes}. Build it with `num_classes` if, "
            "and only if, the model has `labels`."
        )
    if labels is not None and shapes[1][1:] not in ((), (1,)):
        raise ValueError(
            "`critic` must take integer labels (B,) as its second input. Received: shape "
            f"{shapes[1]}. Embed labels, or one-hot encode them, inside the critic."
        )
    made = tuple(generator.output_shape[1:])
    fits = len(shapes[0]) == len(made) + 1 and all(
        taken in (None, size) for taken, size in zip(shapes[0][1:], made, strict=True)
    )
    if not fits:
        raise ValueError(
            f"`critic` must take samples of shape {made}, which the generator makes. Received: "
            f"inputs of shape {shapes[0][1:]}. Change one of the networks."
        )
    if tuple(critic.output_shape[1:]) not in ((), (1,)):
        raise ValueError(
            "`critic` must return one value per sample, (B, 1). Received: outputs of shape "
            f"{tuple(critic.output_shape)}. End it with one unit (`feature_dim=1`)."
        )
    if penalty is not None and couples_samples(critic):
        raise ValueError(
            "`critic` must have no batch normalisation where its slopes are penalised. Received: "
            f"{critic.name!r}, whose value for a sample depends on its batch. Leave it out, or "
            "use `keras.layers.LayerNormalization`."
        )


def check_sizes(
    penalty: Penalty | None,
    batch_size: int | None,
    generator_batch: int | None,
    critic_steps: int,
) -> None:
    """Check the numbers.

    Args:
        penalty: `losses.Penalty` or None.
        batch_size: int or None.
        generator_batch: int or None.
        critic_steps: int.

    Raises:
        ValueError: if one is missing or out of range.
    """
    for name, value in (("batch_size", batch_size), ("generator_batch", generator_batch)):
        if value is not None and value < 1:
            raise ValueError(
                f"`{name}` must be None or at least 1. Received: {name}={value}. Try 64."
            )
    if critic_steps < 1:
        raise ValueError(
            f"`critic_steps` must be at least 1. Received: critic_steps={critic_steps}. "
            "To keep the critic fixed, `freeze('critic')`."
        )
    if penalty is not None and penalty.buffer_fraction and batch_size is None:
        raise ValueError(
            "`batch_size` must be given for a penalty with a buffer. Received: batch_size=None, "
            f"buffer_fraction={penalty.buffer_fraction}. Pass the batch size of `fit`, or "
            "`buffer_fraction=0`."
        )


def check_batches(penalty: Penalty | None, batch_size: int | None, x: Any, given: Any) -> None:
    """Check that `fit` brings the batches that the buffer was made for.

    A larger buffer than half of the batches leaves no room for fresh points, without any error.

    Args:
        penalty: `losses.Penalty` or None.
        batch_size: the model's.
        x: data of `fit`: an array, or a `tf.data.Dataset` of batches.
        given: `batch_size` of `fit`.

    Raises:
        ValueError: if the sizes are known and differ, or the last batch is too small.
    """
    if penalty is None or not penalty.buffer_fraction:
        return
    rows = last = None
    if isinstance(x, tf.data.Dataset):
        rows = tf.nest.flatten(x.element_spec)[0].shape[:1].as_list()[0]
    elif hasattr(x, "shape"):
        rows = given or 32  # Keras's own
        last = len(x) % rows or rows
    if rows not in (None, batch_size):
        raise ValueError(
            f"`batch_size` must be the model's, {batch_size}: its buffer has a part of that many "
            f"points. Received: batches of {rows}. Pass `fit(batch_size={batch_size})`."
        )
    if last is not None and last < round(penalty.buffer_fraction * batch_size):
        raise ValueError(
            f"`x` must not leave a last batch smaller than the buffer, {penalty.buffer_fraction} "
            f"of {batch_size}. Received: {len(x)} rows, a last batch of {last}. Leave them out."
        )


def with_last_features(critic: keras.Model) -> Callable:
    """Return a function that gives a critic's value and its last hidden layer.

    Args:
        critic: functional `keras.Model` with dropout, or other noise of its own.

    Returns:
        Function `(inputs, training) -> ((B, 1), (B, h))`. The last hidden layer is what enters the
        last layer with weights: of a projection critic, what is projected. The function holds no
        variables of its own: what it captures is not tracked a second time.

    Raises:
        ValueError: if the critic has no dropout (at a rate above 0), or no hidden layer.
    """
    # No public name for it; a layer that never draws, such as dropout of rate 0, has none.
    noisy = [part for part in critic._flatten_layers() if getattr(part, "_seed_generators", None)]
    hidden = [layer.input for layer in critic.layers if layer.weights]
    hidden = [h for h in hidden if isinstance(h, keras.KerasTensor) and "float" in h.dtype]
    if not noisy or not hidden or any(hidden[-1] is given for given in critic.inputs):
        raise ValueError(
            "`critic` must have dropout and a hidden layer for a consistency term. Received: "
            f"{critic.name!r} with {len(noisy)} dropout layers. Two passes would not differ."
        )
    both = keras.Model(critic.inputs, [critic.outputs[0], hidden[-1]])
    return lambda inputs, training: both(inputs, training=training)
