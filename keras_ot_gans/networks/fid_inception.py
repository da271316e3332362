"""The Inception network of 2015-12-05 that FID and the Inception score are defined by."""

import keras
from keras import layers

# Layers that the network computes in float32 whatever policy the user trains in.
_FIXED = {"dtype": "float32"}
_LAYOUT = {"data_format": "channels_last", **_FIXED}


def fid_inception(
    image_shape: tuple[int | None, int | None, int] = (None, None, 3),
    num_classes: int = 1008,
    *,
    name: str = "fid_inception",
) -> keras.Model:
    """Inception v3 as the image-classification graph of 2015-12-05 has it, untrained.

    It is the network whose weights FID is computed with, and differs from the Inception
    of the paper and of `keras.applications`: the last block pools by the maximum, and
    there are 1008 classes. Average pools leave padding out of their mean.

    Layers are named after the modules of the PyTorch port: `Mixed_5b.branch1x1.conv`,
    `Mixed_5b.branch1x1.bn`; the output of a block is the layer `Mixed_5b`. All layers
    compute in float32, batch norms use their stored statistics, nothing is trainable.

    Args:
        image_shape: `(height, width, 3)`, 75 at least or `None`; 299 for FID.
        num_classes: int >= 1, width of the logits.
        name: the model's name.

    Returns:
        `keras.Model` `(B, height, width, 3) -> [(B, 2048), (B, num_classes)]`: pooled
        features >= 0 and logits. Its images are resized and scaled, `(v - 128) / 128`
        in the graph and `2 v / 255 - 1` in the port for values `v` in [0, 255].

    Raises:
        ValueError: if an image is too small or has not 3 channels, or there is no class.

    Example:
        >>> [tuple(output.shape) for output in fid_inception().outputs]
        [(None, 2048), (None, 1008)]

    Source: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
        CVPR 2016; pooling and channel numbers of the graph of 2015-12-05, as the
        PyTorch port of it states them.
    Differs: none from the port; from the graph, the last pool averages whatever size it
        is given, which is the same at 299 x 299.
    """
    _check(image_shape, num_classes)
    inputs = x = layers.Input(image_shape, dtype="float32")
    x = _conv(x, "Conv2d_1a_3x3", 32, 3, 2)
    x = _conv(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = _conv(x, "Conv2d_2b_3x3", 64, 3)
    x = layers.MaxPooling2D(3, 2, name="pool1", **_LAYOUT)(x)
    x = _conv(x, "Conv2d_3b_1x1", 80, 1)
    x = _conv(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, 2, name="pool2", **_LAYOUT)(x)
    x = _block_a(x, "Mixed_5b", 32)
    x = _block_a(x, "Mixed_5c", 64)
    x = _block_a(x, "Mixed_5d", 64)
    x = _block_b(x, "Mixed_6a")
    x = _block_c(x, "Mixed_6b", 128)
    x = _block_c(x, "Mixed_6c", 160)
    x = _block_c(x, "Mixed_6d", 160)
    x = _block_c(x, "Mixed_6e", 192)
    x = _block_d(x, "Mixed_7a")
    x = _block_e(x, "Mixed_7b", layers.AveragePooling2D)
    x = _block_e(x, "Mixed_7c", layers.MaxPooling2D)
    features = layers.GlobalAveragePooling2D(name="features", **_LAYOUT)(x)
    logits = layers.Dense(num_classes, name="fc", **_FIXED)(features)
    model = keras.Model(inputs, [features, logits], name=name)
    model.trainable = False
    return model


def _check(image_shape: tuple, num_classes: int) -> None:
    """Refuse sizes for which a block would have no pixel left."""
    if (
        len(image_shape) != 3
        or image_shape[2] != 3
        or any(side is not None and side < 75 for side in image_shape[:2])
    ):
        raise ValueError(
            "`image_shape` must be (height, width, 3) with sides of at least 75 or None. "
            f"Received: image_shape={tuple(image_shape)}. FID uses (299, 299, 3)."
        )
    if num_classes < 1:
        raise ValueError(
            f"`num_classes` must be positive. Received: num_classes={num_classes}. "
            "The published weights have 1008."
        )


def _conv(x, name, filters, kernel, strides=1, padding="same"):
    """Convolution without bias, batch norm, ReLU; a strided one has no padding."""
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        "valid" if strides > 1 else padding,
        use_bias=False,
        name=f"{name}.conv",
        **_LAYOUT,
    )(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}.bn", **_FIXED)(x)
    return layers.ReLU(name=name, **_FIXED)(x)


def _join(branches, name):
    return layers.Concatenate(name=name, **_FIXED)(branches)


def _pool(x, name, kind):
    """3 x 3 pool at stride 1; Keras' averages count no padding, as the graph's."""
    return kind(3, 1, "same", name=f"{name}.pool", **_LAYOUT)(x)


def _block_a(x, name, pool_filters):
    """35 x 35: 1x1, 5x5, double 3x3 and pooled branches."""
    one = _conv(x, f"{name}.branch1x1", 64, 1)
    five = _conv(x, f"{name}.branch5x5_1", 48, 1)
    five = _conv(five, f"{name}.branch5x5_2", 64, 5)
    three = _conv(x, f"{name}.branch3x3dbl_1", 64, 1)
    three = _conv(three, f"{name}.branch3x3dbl_2", 96, 3)
    three = _conv(three, f"{name}.branch3x3dbl_3", 96, 3)
    pool = _pool(x, name, layers.AveragePooling2D)
    pool = _conv(pool, f"{name}.branch_pool", pool_filters, 1)
    return _join([one, five, three, pool], name)


def _block_b(x, name):
    """35 x 35 to 17 x 17."""
    three = _conv(x, f"{name}.branch3x3", 384, 3, 2)
    double = _conv(x, f"{name}.branch3x3dbl_1", 64, 1)
    double = _conv(double, f"{name}.branch3x3dbl_2", 96, 3)
    double = _conv(double, f"{name}.branch3x3dbl_3", 96, 3, 2)
    pool = layers.MaxPooling2D(3, 2, name=f"{name}.pool", **_LAYOUT)(x)
    return _join([three, double, pool], name)


def _block_c(x, name, width):
    """17 x 17: 7x7 convolutions split into 1x7 and 7x1."""
    one = _conv(x, f"{name}.branch1x1", 192, 1)
    seven = _conv(x, f"{name}.branch7x7_1", width, 1)
    seven = _conv(seven, f"{name}.branch7x7_2", width, (1, 7))
    seven = _conv(seven, f"{name}.branch7x7_3", 192, (7, 1))
    double = _conv(x, f"{name}.branch7x7dbl_1", width, 1)
    double = _conv(double, f"{name}.branch7x7dbl_2", width, (7, 1))
    double = _conv(double, f"{name}.branch7x7dbl_3", width, (1, 7))
    double = _conv(double, f"{name}.branch7x7dbl_4", width, (7, 1))
    double = _conv(double, f"{name}.branch7x7dbl_5", 192, (1, 7))
    pool = _pool(x, name, layers.AveragePooling2D)
    pool = _conv(pool, f"{name}.branch_pool", 192, 1)
    return _join([one, seven, double, pool], name)


def _block_d(x, name):
    """17 x 17 to 8 x 8."""
    three = _conv(x, f"{name}.branch3x3_1", 192, 1)
    three = _conv(three, f"{name}.branch3x3_2", 320, 3, 2)
    seven = _conv(x, f"{name}.branch7x7x3_1", 192, 1)
    seven = _conv(seven, f"{name}.branch7x7x3_2", 192, (1, 7))
    seven = _conv(seven, f"{name}.branch7x7x3_3", 192, (7, 1))
    seven = _conv(seven, f"{name}.branch7x7x3_4", 192, 3, 2)
    pool = layers.MaxPooling2D(3, 2, name=f"{name}.pool", **_LAYOUT)(x)
    return _join([three, seven, pool], name)


def _block_e(x, name, kind):
    """8 x 8: branches that end in 1x3 beside 3x1; `kind` pools the last one."""
    one = _conv(x, f"{name}.branch1x1", 320, 1)
    three = _conv(x, f"{name}.branch3x3_1", 384, 1)
    double = _conv(x, f"{name}.branch3x3dbl_1", 448, 1)
    double = _conv(double, f"{name}.branch3x3dbl_2", 384, 3)
    pool = _conv(_pool(x, name, kind), f"{name}.branch_pool", 192, 1)
    branches = [
        one,
        _conv(three, f"{name}.branch3x3_2a", 384, (1, 3)),
        _conv(three, f"{name}.branch3x3_2b", 384, (3, 1)),
        _conv(double, f"{name}.branch3x3dbl_3a", 384, (1, 3)),
        _conv(double, f"{name}.branch3x3dbl_3b", 384, (3, 1)),
        pool,
    ]
    return _join(branches, name)
