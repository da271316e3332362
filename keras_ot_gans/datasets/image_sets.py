"""The image sets of the five papers, each with its size, crop and split.

The papers, by the names used below:
    ACT: "ACT: Asymptotic Conditional Transport", ICLR 2021 submission.
    DOT: Tanaka, "Discriminator optimal transport", NeurIPS 2019.
    AGE: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial
        Gradient Estimation".
    LGAN: "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets".
    OT-GAN: Salimans et al., "Improving GANs Using Optimal Transport", ICLR 2018.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """What it takes to load an image set as a paper did.

    Args:
        tfds_name: str, name in tensorflow-datasets, or None for a set that is
            read from a folder.
        split: str, tensorflow-datasets split.
        crop: crop policy, see `prepare_image`; applied before resizing.
        sizes: tuple of ints, the papers' sizes; the first is the default.
        channels: int, 1 or 3.
        classes: int, or None for a set without labels.
        flip: bool, whether the paper mirrors images at random.
        source: str, where size, crop and split come from.
    """

    tfds_name: str | None
    split: str
    crop: str | int | float | None
    sizes: tuple[int, ...]
    channels: int
    classes: int | None
    flip: bool
    source: str


IMAGE_SETS: dict[str, ImageSet] = {
    "mnist": ImageSet(
        "mnist", "train", None, (28,), 1, 10, False,
        "ACT B.6: training set, 28x28. It says 50K images, the set has 60K: "
        'pass split="train[:50000]" for 50K.',
    ),
    "fashion_mnist": ImageSet(
        "fashion_mnist", "train", None, (28,), 1, 10, False,
        "None of the papers; as MNIST.",
    ),
    "cifar10": ImageSet(
        "cifar10", "train", None, (32,), 3, 10, False,
        "ACT B.6, LGAN, DOT: 50K training images, 32x32. "
        "OT-GAN's code mirrors them: pass flip=True.",
    ),
    "celeb_a": ImageSet(
        "celeb_a", "train+validation+test", 178, (64,), 3, None, False,
        "ACT B.6: about 203K images (all splits) resized to 64x64, no crop stated. "
        "Crop: the central 178x178, all of the width, as torch-mimicry does for the same backbone.",
    ),
    "celeb_a_crop128": ImageSet(
        "celeb_a", "train", 128, (64,), 3, None, False,
        "AGE E.3 and its code: central 128x128 of the training split, resized to 64x64.",
    ),
    "celeb_a_hq": ImageSet(
        "celeb_a_hq/256", "train", None, (256,), 3, None, False,
        "ACT Figure 7: CelebA-HQ at 256x256, all 30K images.",
    ),
    "lsun_bedroom": ImageSet(
        "lsun/bedroom", "train", "square", (64, 128), 3, None, False,
        "ACT B.6: about 3M images at 64x64; Figure 7 at 128x128, no crop stated. "
        "Crop: the central square, as torch-mimicry does (the shorter side is 256).",
    ),
    "stl10": ImageSet(
        "stl10", "unlabelled", None, (48,), 3, None, False,
        "DOT's code: the 100K unlabelled images, 96 to 48 by the mean of 2x2 pixels.",
    ),
    "imagenet64": ImageSet(
        "imagenet_resized/64x64", "train", None, (64,), 3, 1000, True,
        "AGE E.3 is 64x64, mirrored at random. Differs: this set is ready-made, the whole "
        'image squeezed to 64x64; "imagenet64_crop" follows AGE but needs full ImageNet.',
    ),
    "imagenet64_crop": ImageSet(
        "imagenet2012", "train", 64 / 73, (64,), 3, 1000, True,
        "AGE's code: shorter side to 73, central 64x64, mirrored at random. Here in one step: "
        "the central square of 64/73 of the shorter side, to 64x64. The text of AGE E.3 "
        "instead crops the central 73x73, a small part of most images, and resizes: pass "
        "crop=73. It is silent on images with a side below 73: of these, the central square.",
    ),
    "stanford_dogs": ImageSet(
        "stanford_dogs", "train+test", "square", (128,), 3, 120, False,
        "OT-GAN 5.3: the dogs of ImageNet at 128x128, no crop stated. Differs: the 20,580 "
        "images of 120 ImageNet breeds that can be had without all of ImageNet.",
    ),
    "caltech_birds2011": ImageSet(
        "caltech_birds2011", "train+test", "box", (64, 128), 3, 200, False,
        "OT-GAN 5.4 compares with StackGAN on CUB without stating size or crop. "
        "Crop: StackGAN's, around the bird's bounding box.",
    ),
    "oxford_flowers102": ImageSet(
        "oxford_flowers102", "train+validation+test", "square", (64, 128), 3, 102, False,
        "LGAN: Oxford 102 in the network family of its CIFAR-10; size, crop and split are not "
        "stated. All 8,189 images, central square.",
    ),
    "tiny_imagenet": ImageSet(
        None, "train", None, (64,), 3, 200, False,
        "LGAN: Tiny ImageNet, 100K training images of 64x64, read from the unpacked "
        "tiny-imagenet-200 folder.",
    ),
}  # fmt: skip
"""Name to record, for `load_image_set`."""
