"""AGE's encoder of photographs: ResNet-50 and a residual perceptron."""

import keras
from keras import layers

from keras_ot_gans.networks import conditioning
from keras_ot_gans.networks.image_shapes import check_square, refuse
from keras_ot_gans.networks.residual_mlp import residual_mlp_block
from keras_ot_gans.networks.transformations import check_width, output_dim


def age_resnet_encoder(
    latent_dim: int = 100,
    image_shape: tuple[int, int, int] = (64, 64, 3),
    *,
    width: int = 1024,
    transformation: str = "gaussian",
    backbone: keras.Model | None = None,
    name: str = "encoder",
) -> keras.Model:
    """Encoder: features of a ResNet-50, dense, batch norm, ReLU, residual block, dense.

    Args:
        latent_dim: int, width of `z`. 100: Table 11, CelebA; 140: ImageNet.
        image_shape: `(size, size, channels)` of the images, the size at least 32. (64, 64, 3):
            appendix E.3.
        width: int, of the hidden dense layers. 1024: appendix E.3, CelebA; 2048: ImageNet.
        transformation: `"gaussian"` (section 5.3) or `"deterministic"`.
        backbone: `keras.Model` `(B, *image_shape) -> (B, d)` in place of the ResNet-50, which has
            23.6 million parameters. It becomes part of the encoder, and is trained with it.
        name: the model's name.

    Returns:
        `keras.Model` `(B, size, size, channels) -> (B, 2 latent_dim)`, means, then log-variances;
        or `-> (B, latent_dim)` if deterministic. float32. Images are in [-1, 1], as they come.

    Raises:
        ValueError: if a width is not positive, the transformation is another, the images are too
            small, or the backbone does not fit them.

    Example:
        >>> pool = keras.Sequential([layers.Input((64, 64, 3)), layers.GlobalAveragePooling2D()])
        >>> age_resnet_encoder(width=8, backbone=pool).output_shape
        (None, 200)

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, appendix E.3; He et al., "Deep Residual Learning for Image Recognition",
        CVPR 2016, Table 1.
    Differs: Keras's ResNet-50, untrained, but for batch norms over all replicas: it strides in
        the first convolution of a block and has biases before its batch norms, where torchvision's
        strides in the second and has none. Appendix E.3 speaks of a 4-layer MLP; as in the
        authors' code, that is the dense layer, the block's two, and the last. No bias before a
        batch norm in these. Initial values and moving averages, as `age_mlp_generator`.
    """
    check_width("latent_dim", latent_dim)
    check_width("width", width)
    outputs = output_dim(transformation, latent_dim)
    if check_square(image_shape) < 32:
        raise refuse(image_shape, "a side of at least 32 pixels", "64 pixels")
    backbone = _resnet50(image_shape) if backbone is None else backbone
    _check_backbone(backbone, tuple(image_shape))
    norm = conditioning.batch_norm(None, None)
    images = layers.Input(image_shape, name="images")
    x = layers.Dense(width, use_bias=False, name="dense")(backbone(images))
    x = layers.ReLU(name="relu")(norm(x, "norm"))
    x = residual_mlp_block(x, "block", norm=norm)
    x = layers.Dense(outputs, dtype="float32", name="parameters")(x)
    return keras.Model(images, x, name=name)


def _resnet50(image_shape: tuple) -> keras.Model:
    """Return an untrained ResNet-50 up to its pooled features `(B, 2048)`."""
    network = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=image_shape, pooling="avg"
    )
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.synchronized = True  # as the library's own; Keras takes no argument for it
    return network


def _check_backbone(backbone: keras.Model, image_shape: tuple) -> None:
    """Refuse a backbone that does not map the images to vectors."""
    taken, made = backbone.input_shape, backbone.output_shape
    fits = isinstance(taken, tuple) and len(taken) == 4 and len(made) == 2
    if not fits or any(a not in (None, b) for a, b in zip(taken[1:], image_shape, strict=True)):
        raise ValueError(
            f"`backbone` must map images {(None, *image_shape)} to features (B, d). "
            f"Received: {taken} to {made}. Build it for `image_shape`, and pool its pixels."
        )
