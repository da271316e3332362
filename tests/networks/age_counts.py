"""Parameters of AGE's networks, summed by hand from the paper's tables, and cheap networks.

Shen, Zhang and Chen, 2020: appendix E.1 and Tables 8 to 11; He et al., 2016, Table 1.
"""

import keras
import numpy as np

from keras_ot_gans import networks
from tests.networks.resnet_counts import conv, dense, norm


def attention(c):
    """Theta and phi c/8, g c/2, back to c, no bias; the gate; a vector of each output."""
    return c * c // 8 * 2 + c * c // 2 * 2 + 1 + (c // 8 * 2 + c // 2 + c)


def up(i, o, side):
    """Norm, 3x3 without bias, norm, 3x3, 1x1, all normalised; two maps of scales."""
    branch = norm(i) + conv(3, i, o, bias=False) + norm(o) + conv(3, o, o)
    return branch + conv(1, i, o) + 3 * o + 2 * side * side * o


def down(i, o):
    """3x3 to `o`, 3x3, 1x1, all normalised."""
    return conv(3, i, o) + conv(3, o, o) + conv(1, i, o) + 3 * o


def sn_dense(i, o):
    return dense(i, o) + o


def perceptron(i, w):
    """A dense layer, three blocks of two, and the score."""
    return sn_dense(i, w) + 3 * 2 * sn_dense(w, w) + sn_dense(w, 1)


def sagan_generator(k, ch, noise=True):
    sides = (8, 16, 32, 64) if noise else (0, 0, 0, 0)
    channels = (16 * ch, 16 * ch, 8 * ch, 4 * ch, 2 * ch)
    blocks = sum(
        up(i, o, side) for i, o, side in zip(channels[:-1], channels[1:], sides, strict=True)
    )
    first = sn_dense(k, 16 * 16 * ch) + noise * 4 * 4 * 16 * ch
    return first + blocks + attention(4 * ch) + norm(2 * ch) + conv(3, 2 * ch, 3) + 3


def sagan_discriminator(k, ch, w):
    blocks = down(ch, 2 * ch) + down(2 * ch, 4 * ch) + down(4 * ch, 8 * ch) + down(8 * ch, 16 * ch)
    flat = 2 * conv(3, 16 * ch, 16 * ch) + 2 * 16 * ch
    d_x = conv(1, 3, ch) + ch + blocks + attention(2 * ch) + flat + sn_dense(16 * ch, 1)
    return d_x + perceptron(k, w) + perceptron(16 * ch + w, w)


def bottlenecks(i, c, blocks):
    """1x1 to c, 3x3, 1x1 to 4c, each with bias and norm; at first a shortcut to 4c with norm."""
    first = conv(1, i, c) + conv(1, i, 4 * c) + norm(4 * c)
    others = conv(1, 4 * c, c) * (blocks - 1)
    return first + others + blocks * (conv(3, c, c) + conv(1, c, 4 * c) + 2 * norm(c) + norm(4 * c))


RESNET_50 = (conv(7, 3, 64) + norm(64) + bottlenecks(64, 64, 3)) + (
    bottlenecks(256, 128, 4) + bottlenecks(512, 256, 6) + bottlenecks(1_024, 512, 3)
)


def head(w, outputs):
    """From 2048 features; a dense layer without bias before each norm."""
    layers = (2_048 + 2 * w) * w + 3 * norm(w)
    return layers + dense(w, outputs)


# Table 11 (b) and Figure 7 with ch = 64, k = 140 and perceptrons of 1024, layer by layer.
IMAGENET_DISCRIMINATOR = (
    (1 * 1 * 3 * 64 + 64)  # from the image
    # 64 -> 128 -> 128, and the 1x1 of the shortcut
    + (3 * 3 * 64 * 128 + 128) + (3 * 3 * 128 * 128 + 128) + (64 * 128 + 128)
    # attention at 32x32: theta and phi to 128 / 8, g to 128 / 2 and back, without bias; its gate
    + 2 * (128 * 16) + 128 * 64 + 64 * 128 + 1
    + (3 * 3 * 128 * 256 + 256) + (3 * 3 * 256 * 256 + 256) + (128 * 256 + 256)
    + (3 * 3 * 256 * 512 + 512) + (3 * 3 * 512 * 512 + 512) + (256 * 512 + 512)
    + (3 * 3 * 512 * 1_024 + 1_024) + (3 * 3 * 1_024 * 1_024 + 1_024) + (512 * 1_024 + 1_024)
    + 2 * (3 * 3 * 1_024 * 1_024 + 1_024)  # the flat block has no shortcut
    + (1_024 + 1)  # s_x
    + (140 * 1_024 + 1_024) + 6 * (1_024 * 1_024 + 1_024) + (1_024 + 1)  # D_z: 1 + 3 * 2 layers
    + (2 * 1_024 * 1_024 + 1_024) + 6 * (1_024 * 1_024 + 1_024) + (1_024 + 1)  # D_xz
)  # fmt: skip
# Not trained: a vector of each spectral norm, as wide as the layer's output.
IMAGENET_VECTORS = (
    64 + 3 * 128 + (16 + 16 + 64 + 128) + 3 * 256 + 3 * 512 + 3 * 1_024 + 2 * 1_024 + 1
    + 2 * (7 * 1_024 + 1)
)  # fmt: skip
# E.3: 2048 - 2048 - (2048 - 2048) - 2 * 140, dense layers without bias and a gain and a bias of
# the norm of each, on a ResNet-50 whose 26,560 normed channels have two moving averages each.
NORMED = 64 + (3 * 384 + 256) + (4 * 768 + 512) + (6 * 1_536 + 1_024) + (3 * 3_072 + 2_048)
IMAGENET_ENCODER = RESNET_50 - 2 * NORMED + 3 * (2_048 * 2_048 + 2 * 2_048) + (2_048 * 280 + 280)
IMAGENET_AVERAGES = 2 * NORMED + 3 * 2 * 2_048

AGE = {
    # E.1: 2 - 500 - 500 - 2 * 2: 3 * 500 + 501 * 500 + 501 * 4, norms 4 * 1000
    "AGE MLP generator": (networks.age_mlp_generator, (), {}, 1_500 + 250_500 + 2_004 + 4_000),
    # the same with 2 outputs: 501 * 2
    "AGE MLP generator, deterministic": (
        networks.age_mlp_generator,
        (),
        {"transformation": "deterministic"},
        1_500 + 250_500 + 1_002 + 4_000,
    ),
    # E.1: 2 - 500 - 500 - 500 - 2 * 2
    "AGE MLP encoder": (
        networks.age_mlp_encoder,
        (),
        {},
        1_500 + 2 * 250_500 + 2_004 + 6_000,
    ),
    # E.1: twice 3 * 400 + 401 * 400 + 401, and 801 * 400 + 401 * 400 + 401
    "AGE MLP discriminator": (
        networks.age_mlp_discriminator,
        (),
        {},
        2 * (1_200 + 160_400 + 401) + (320_400 + 160_400 + 401),
    ),
    # Table 8: 8 * 4096; 25 * 256 * 128, 25 * 128 * 64, (25 * 64 + 0) * 3 + 3; norms 4 * (256 + 128
    # + 64); scales 16 * 256 + 49 * 128 + 196 * 64
    "AGE stacked MNIST generator": (
        networks.age_stacked_mnist_generator,
        (),
        {},
        (32_768 + 819_200 + 204_800 + 4_803) + 1_792 + (4_096 + 6_272 + 12_544),
    ),
    "AGE stacked MNIST generator, deterministic": (
        networks.age_stacked_mnist_generator,
        (),
        {"transformation": "deterministic"},
        (32_768 + 819_200 + 204_800 + 4_803) + 1_792,
    ),
    # MNIST: (25 * 64 + 0) * 1 + 1 at the end
    "AGE MNIST generator": (
        networks.age_stacked_mnist_generator,
        (8, 1),
        {},
        (32_768 + 819_200 + 204_800 + 1_601) + 1_792 + (4_096 + 6_272 + 12_544),
    ),
    # Table 9: 25 * 3 * 64, 25 * 64 * 128, 25 * 128 * 256, norms, (4 * 4 * 256 + 1) * 16
    "AGE stacked MNIST encoder": (
        networks.age_stacked_mnist_encoder,
        (),
        {},
        (4_800 + 204_800 + 819_200) + 1_792 + 65_552,
    ),
    "AGE stacked MNIST encoder, deterministic": (
        networks.age_stacked_mnist_encoder,
        (),
        {"transformation": "deterministic"},
        (4_800 + 204_800 + 819_200) + 1_792 + 32_776,
    ),
    # Table 10: (75 + 1) * 64, (1600 + 1) * 128, (3200 + 1) * 256, (4096 + 8 + 1) * 1024, 1025
    "AGE stacked MNIST discriminator": (
        networks.age_stacked_mnist_discriminator,
        (),
        {},
        (4_864 + 204_928 + 819_456) + 4_203_520 + 1_025,
    ),
    # the script: 4105 * 256, 257
    "AGE stacked MNIST discriminator, 256": (
        networks.age_stacked_mnist_discriminator,
        (),
        {"dense_width": 256},
        (4_864 + 204_928 + 819_456) + 1_050_880 + 257,
    ),
    # Table 11, CelebA: k = 100, ch = 32
    "AGE SAGAN generator": (networks.age_sagan_generator, (), {}, sagan_generator(100, 32)),
    "AGE SAGAN generator, deterministic": (
        networks.age_sagan_generator,
        (),
        {"width": 8, "transformation": "deterministic"},
        sagan_generator(100, 8, noise=False),
    ),
    # Table 11, ImageNet: k = 140, ch = 64
    "AGE SAGAN generator, ImageNet": (
        networks.age_sagan_generator,
        (140,),
        {"width": 64},
        sagan_generator(140, 64),
    ),
    "AGE SAGAN discriminator": (
        networks.age_sagan_discriminator,
        (),
        {},
        sagan_discriminator(100, 32, 512),
    ),
    "AGE SAGAN discriminator, ImageNet": (
        networks.age_sagan_discriminator,
        (140,),
        {"width": 64, "dense_width": 1_024},
        (IMAGENET_DISCRIMINATOR, IMAGENET_VECTORS),
    ),
    # E.3: 2048 - 1024 - (1024 - 1024) - 2 * 100
    "AGE ResNet-50 encoder": (
        networks.age_resnet_encoder,
        (),
        {},
        RESNET_50 + head(1_024, 200),
    ),
    "AGE ResNet-50 encoder, ImageNet": (
        networks.age_resnet_encoder,
        (140,),
        {"width": 2_048},
        (IMAGENET_ENCODER, IMAGENET_AVERAGES),
    ),
}


def pooling(shape):
    """A backbone with a kernel, and none of the work of a ResNet-50."""
    images = keras.Input(shape)
    x = keras.layers.Conv2D(3, 3, strides=4, name="conv")(images)
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(x), name="backbone")


def maps(*sides):
    """Three samples of noise for each side."""
    rng = np.random.default_rng(1)
    return [rng.normal(size=(3, side, side, 1)).astype("float32") for side in sides]


def small_age(z, **kwargs):
    """A cheap network of each kind and an input for it, by name; `z` is `(3, 4)`."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 2)).astype("float32")
    digits = rng.uniform(-1, 1, (3, 28, 28, 1)).astype("float32")
    photos = rng.uniform(-1, 1, (3, 64, 64, 3)).astype("float32")
    return {
        "age_mlp_generator": lambda: (networks.age_mlp_generator(4, 2, (6, 5), **kwargs), (z,)),
        "age_mlp_encoder": lambda: (networks.age_mlp_encoder(4, 2, (6, 5), **kwargs), (x,)),
        "age_mlp_discriminator": lambda: (
            networks.age_mlp_discriminator(4, 2, width=5, **kwargs),
            ([x, z],),
        ),
        "age_stacked_mnist_generator": lambda: (
            networks.age_stacked_mnist_generator(4, 1, width=2, **kwargs),
            ([z, *maps(4, 7, 14)],),
        ),
        "age_stacked_mnist_encoder": lambda: (
            networks.age_stacked_mnist_encoder(4, 1, width=2, **kwargs),
            (digits,),
        ),
        "age_stacked_mnist_discriminator": lambda: (
            networks.age_stacked_mnist_discriminator(4, 1, width=2, dense_width=5, **kwargs),
            ([digits, z],),
        ),
        "age_sagan_generator": lambda: (
            networks.age_sagan_generator(4, width=2, **kwargs),
            ([z, *maps(4, 8, 8, 16, 16, 32, 32, 64, 64)],),
        ),
        "age_sagan_discriminator": lambda: (
            networks.age_sagan_discriminator(4, width=2, dense_width=5, **kwargs),
            ([photos, z],),
        ),
        "age_resnet_encoder": lambda: (
            networks.age_resnet_encoder(4, width=5, backbone=pooling(photos.shape[1:]), **kwargs),
            (photos,),
        ),
    }


AGE_SHAPES = {
    "age_mlp_generator": (3, 4),
    "age_mlp_encoder": (3, 8),
    "age_mlp_discriminator": (3, 1),
    "age_stacked_mnist_generator": (3, 28, 28, 1),
    "age_stacked_mnist_encoder": (3, 8),
    "age_stacked_mnist_discriminator": (3, 1),
    "age_sagan_generator": (3, 64, 64, 3),
    "age_sagan_discriminator": (3, 1),
    "age_resnet_encoder": (3, 8),
}
