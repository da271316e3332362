"""A small image classifier, to judge samples of data that are not photographs."""

import keras
from keras import layers


def small_classifier(
    image_shape: tuple[int, int, int] = (28, 28, 1),
    num_classes: int = 10,
    *,
    width: int = 16,
    name: str = "classifier",
) -> keras.Model:
    """Convolutional classifier that two cores train in a minute.

    Two 3x3 convolutions with max pooling, a dense layer of 64, dropout, logits.
    The last two dense layers are named `features` and `logits`.

    Args:
        image_shape: `(height, width, channels)`, images in [-1, 1].
        num_classes: int >= 2.
        width: int, channels of the first convolution.
        name: the model's name.

    Returns:
        `keras.Model` `(B, height, width, channels) -> (B, num_classes)`, float32 logits.

    Raises:
        ValueError: if there are fewer than two classes.

    Example:
        >>> small_classifier().output_shape
        (None, 10)
    """
    if num_classes < 2:
        raise ValueError(f"`num_classes` must be at least 2. Received: {num_classes}.")
    inputs = x = layers.Input(image_shape)
    for factor in (1, 2):
        x = layers.Conv2D(width * factor, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(64, activation="relu", name="features")(layers.Flatten()(x))
    x = layers.Dropout(0.3)(x)
    outputs = layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(inputs, outputs, name=name)
