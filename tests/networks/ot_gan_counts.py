"""Parameters of OT-GAN's networks, summed by hand from the layers of the authors' code.

The first two are the totals of that code itself.
"""

from keras_ot_gans import networks


def dense(inputs, outputs):
    """Direction, gain and bias."""
    return (inputs + 2) * outputs


def conv(inputs, outputs):
    """5x5, with gain and bias."""
    return (25 * inputs + 2) * outputs


OT_GAN = {
    # 100 -> 4x4x2048; 1024 -> 1024, 512 -> 512, 256 -> 256, each halved by its gates; 128 -> 3
    "OT-GAN generator": (networks.ot_gan_generator, (), {}, 37_761_926),
    # 3 -> 128; 256 -> 256, 512 -> 512, 1024 -> 1024, each doubled before by the two signs
    "OT-GAN critic": (networks.ot_gan_critic, (), {}, 34_419_840),
    "OT-GAN generator, small": (
        networks.ot_gan_generator,
        (),
        {"width": 16},
        dense(100, 4_096) + conv(128, 128) + conv(64, 64) + conv(32, 32) + conv(16, 3),
    ),
    "OT-GAN critic, small": (
        networks.ot_gan_critic,
        (),
        {"width": 16},
        conv(3, 16) + conv(32, 32) + conv(64, 64) + conv(128, 128),
    ),
    # 28 = 7 * 2 * 2: two doublings from 7x7x64
    "OT-GAN generator 28x28x1, 10 classes": (
        networks.ot_gan_generator,
        (100, (28, 28, 1)),
        {"width": 16, "num_classes": 10},
        dense(110, 7 * 7 * 128) + conv(64, 64) + conv(32, 32) + conv(16, 1),
    ),
    "OT-GAN critic 28x28x1, 10 classes": (
        networks.ot_gan_critic,
        ((28, 28, 1),),
        {"width": 16, "num_classes": 10},
        conv(11, 16) + conv(32, 32) + conv(64, 64),
    ),
    # 48 = 6 * 2 * 2 * 2, with vectors of 7 numbers
    "OT-GAN generator 48x48x3, vectors": (
        networks.ot_gan_generator,
        (50, (48, 48, 3)),
        {"width": 4, "side_dim": 7},
        dense(57, 6 * 6 * 64) + conv(32, 32) + conv(16, 16) + conv(8, 8) + conv(4, 3),
    ),
    "OT-GAN critic 48x48x3, vectors": (
        networks.ot_gan_critic,
        ((48, 48, 3),),
        {"width": 4, "side_dim": 7},
        conv(10, 4) + conv(8, 8) + conv(16, 16) + conv(32, 32),
    ),
    # From 64x64 on, no layer is wider than 8 widths at 4x4 and 8x8 (16x16).
    "OT-GAN generator 64x64x3": (
        networks.ot_gan_generator,
        (100, (64, 64, 3)),
        {"width": 4},
        dense(100, 1_024) + conv(32, 64) + conv(32, 32) + conv(16, 16) + conv(8, 8) + conv(4, 3),
    ),
    "OT-GAN critic 64x64x3": (
        networks.ot_gan_critic,
        ((64, 64, 3),),
        {"width": 4},
        conv(3, 4) + conv(8, 8) + conv(16, 16) + conv(32, 32) + conv(64, 32),
    ),
    "OT-GAN generator 128x128x3": (
        networks.ot_gan_generator,
        (100, (128, 128, 3)),
        {"width": 4},
        dense(100, 1_024)
        + (2 * conv(32, 64) + conv(32, 32) + conv(16, 16) + conv(8, 8))
        + conv(4, 3),
    ),
    "OT-GAN critic 128x128x3": (
        networks.ot_gan_critic,
        ((128, 128, 3),),
        {"width": 4},
        conv(3, 4) + conv(8, 8) + conv(16, 16) + conv(32, 32) + 2 * conv(64, 32),
    ),
}
