"""Parameters of the residual and SNGAN networks, summed by hand from the papers' tables.

ACT: Zheng and Zhou, 2020; LGAN: Zhou et al., 2018; SN: Miyato et al., 2018.
"""

from keras_ot_gans import networks


def dense(inputs, outputs):
    return (inputs + 1) * outputs


def conv(k, inputs, outputs, bias=True):
    return (k * k * inputs + bias) * outputs


def norm(channels, classes=1):
    """A gain and a bias per class, and two moving averages."""
    return 2 * channels * classes + 2 * channels


def up(i, o, classes=1):
    """Norm, 3x3 without bias, norm, 3x3, and the 1x1 of the shortcut."""
    branch = norm(i, classes) + conv(3, i, o, bias=False) + norm(o, classes) + conv(3, o, o)
    return branch + conv(1, i, o)


def image(i, channels=3):
    return norm(i) + conv(3, i, channels)


def first(i, o):
    return conv(3, i, o) + conv(3, o, o) + conv(1, i, o)


def down(i, o):
    """The same layers where a flat block changes its channels."""
    return conv(3, i, i) + conv(3, i, o) + conv(1, i, o)


def flat(c):
    return 2 * conv(3, c, c)


# A spectral norm keeps one vector per layer, as wide as the layer's output. `vectors` below are
# the outputs of a block's layers.
def first_vectors(o):
    return o + o + o


def down_vectors(i, o):
    return i + o + o


RESNETS = {
    # LGAN Table 3: noise 128, linear 128 x 4 x 4, three blocks of 128, convolution to 3
    "WGAN-GP ResNet generator": (
        networks.wgan_gp_resnet_generator,
        (),
        {},
        dense(128, 2_048) + 3 * up(128, 128) + image(128),
    ),
    # 28 = 7 * 2 * 2: linear 128 x 7 x 7, two blocks
    "WGAN-GP ResNet generator 28x28x1": (
        networks.wgan_gp_resnet_generator,
        (128, (28, 28, 1)),
        {},
        dense(128, 6_272) + 2 * up(128, 128) + image(128, 1),
    ),
    # LGAN Table 3: down, down, two flat blocks, linear 1
    "WGAN-GP ResNet critic": (
        networks.wgan_gp_resnet_critic,
        (),
        {},
        first(3, 128) + down(128, 128) + 2 * flat(128) + dense(128, 1),
    ),
    "WGAN-GP ResNet critic 28x28x1": (
        networks.wgan_gp_resnet_critic,
        ((28, 28, 1),),
        {},
        first(1, 128) + down(128, 128) + 2 * flat(128) + dense(128, 1),
    ),
    # ACT Table 6
    "SNGAN generator 32": (
        networks.sngan_resnet_generator,
        (),
        {},
        dense(128, 4 * 4 * 256) + 3 * up(256, 256) + image(256),
    ),
    # The same with 10 gains and biases in the blocks' norms.
    "SNGAN generator 32, 10 classes": (
        networks.sngan_resnet_generator,
        (),
        {"num_classes": 10},
        dense(128, 4 * 4 * 256) + 3 * up(256, 256, 10) + image(256),
    ),
    "SNGAN generator 28x28x1": (
        networks.sngan_resnet_generator,
        (128, (28, 28, 1)),
        {},
        dense(128, 7 * 7 * 256) + 2 * up(256, 256) + image(256, 1),
    ),
    # ACT Table 6, m = 1, the vectors of 3 + 3 + 2 + 2 + 1 layers, and 10 vectors of 128 for the
    # classes with a vector of their spectral norm
    "SNGAN critic 32, 10 classes": (
        networks.sngan_resnet_critic,
        (),
        {"num_classes": 10},
        (first(3, 128) + down(128, 128) + 2 * flat(128) + dense(128, 1))
        + (first_vectors(128) + down_vectors(128, 128) + 4 * 128 + 1)
        + (10 * 128 + 128),
    ),
    # ACT Table 6 as it stands: features, no norm
    "SNGAN features 32": (
        networks.sngan_resnet_critic,
        ((32, 32, 3), 2_048),
        {"spectral_norm": False},
        first(3, 128) + down(128, 128) + 2 * flat(128) + dense(128, 2_048),
    ),
    # SN Table 5: dense 6 x 6 x 512, blocks of 256, 128, 64
    "SNGAN generator 48": (
        networks.sngan_resnet_generator,
        (128, (48, 48, 3)),
        {},
        dense(128, 6 * 6 * 512) + up(512, 256) + up(256, 128) + up(128, 64) + image(64),
    ),
    # SN Table 5: down 64, 128, 256, 512, flat 1024
    "SNGAN critic 48": (
        networks.sngan_resnet_critic,
        ((48, 48, 3),),
        {"spectral_norm": False},
        first(3, 64)
        + (down(64, 128) + down(128, 256) + down(256, 512) + down(512, 1_024))
        + dense(1_024, 1),
    ),
    # ACT Table 7
    "SNGAN generator 64": (
        networks.sngan_resnet_generator,
        (128, (64, 64, 3)),
        {},
        dense(128, 4 * 4 * 1_024)
        + (up(1_024, 512) + up(512, 256) + up(256, 128) + up(128, 64))
        + image(64),
    ),
    "SNGAN critic 64": (
        networks.sngan_resnet_critic,
        ((64, 64, 3),),
        {"spectral_norm": False},
        first(3, 128) + down(128, 256) + down(256, 512) + down(512, 1_024) + dense(1_024, 1),
    ),
    # ACT Table 8
    "SNGAN generator 128": (
        networks.sngan_resnet_generator,
        (128, (128, 128, 3)),
        {},
        dense(128, 4 * 4 * 1_024)
        + (up(1_024, 1_024) + up(1_024, 512) + up(512, 256) + up(256, 128) + up(128, 64))
        + image(64),
    ),
    "SNGAN critic 128": (
        networks.sngan_resnet_critic,
        ((128, 128, 3),),
        {"spectral_norm": False},
        first(3, 128)
        + (down(128, 256) + down(256, 512) + down(512, 1_024) + flat(1_024))
        + dense(1_024, 1),
    ),
    # ACT Table 9
    "SNGAN generator 256": (
        networks.sngan_resnet_generator,
        (128, (256, 256, 3)),
        {},
        dense(128, 4 * 4 * 1_024)
        + (up(1_024, 1_024) + up(1_024, 512) + up(512, 512) + up(512, 256))
        + (up(256, 128) + up(128, 64) + image(64)),
    ),
    "SNGAN critic 256": (
        networks.sngan_resnet_critic,
        ((256, 256, 3),),
        {"spectral_norm": False},
        first(3, 128)
        + (down(128, 256) + down(256, 512) + down(512, 512) + down(512, 1_024) + flat(1_024))
        + dense(1_024, 1),
    ),
    # SN Table 3 (a): dense 4 x 4 x 512, deconvolutions to 256, 128, 64, convolution to 3
    "SNDCGAN generator": (
        networks.sndcgan_generator,
        (),
        {},
        dense(128, 4 * 4 * 512)
        + sum(conv(4, 2 * c, c, bias=False) + norm(c) for c in (256, 128, 64))
        + conv(3, 64, 3),
    ),
    # 28 = 7 * 2 * 2: dense 7 x 7 x 256, deconvolutions to 128, 64
    "SNDCGAN generator 28x28x1, 10 classes": (
        networks.sndcgan_generator,
        (128, (28, 28, 1)),
        {"num_classes": 10},
        dense(128, 7 * 7 * 256)
        + sum(conv(4, 2 * c, c, bias=False) + norm(c, 10) for c in (128, 64))
        + conv(3, 64, 1),
    ),
    # SN Table 3 (b)
    "SNDCGAN critic": (
        networks.sndcgan_critic,
        (),
        {"spectral_norm": False},
        (conv(3, 3, 64) + conv(4, 64, 64) + conv(3, 64, 128) + conv(4, 128, 128))
        + (conv(3, 128, 256) + conv(4, 256, 256) + conv(3, 256, 512) + dense(4 * 4 * 512, 1)),
    ),
    # 28 -> 14 -> 7 -> 4, the vectors of the eight layers, and 10 vectors of 4 * 4 * 512 for the
    # classes with that of their norm
    "SNDCGAN critic 28x28x1, 10 classes": (
        networks.sndcgan_critic,
        ((28, 28, 1),),
        {"num_classes": 10},
        (conv(3, 1, 64) + conv(4, 64, 64) + conv(3, 64, 128) + conv(4, 128, 128))
        + (conv(3, 128, 256) + conv(4, 256, 256) + conv(3, 256, 512) + dense(4 * 4 * 512, 1))
        + (2 * 64 + 2 * 128 + 2 * 256 + 512 + 1)
        + (10 * 8_192 + 8_192),
    ),
}
