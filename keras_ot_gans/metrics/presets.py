"""Protocols of papers and tools: the part of a card that each of them fixes.

What a source does not state is never invented: such fields hold this project's default and
are named in `unstated`, and `notes` says what is known. The networks' own differences (a
resize of another library, weights ported to another framework) belong to the feature network.
"""

import dataclasses

from keras_ot_gans.metrics.protocol import QUANTISE, WEIGHTS

INCEPTION = "inception_2015_12_05"


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What a protocol fixes before images are seen.

    Args:
        name: str.
        source: str, where it is stated.
        notes: str, what differs, what is not stated, what cannot be had here.
        unstated: tuple of field names that the source leaves open.
        scores: tuple of the scores that the source reports.
        network: str, the feature network that the source names.
        real: str, what the real statistics are made of, in words.
        n_real: int, or None for all images of the split.
        n_fake: int, generated images.
        quantise: see `ProtocolCard`; so are the fields below.
        splits: int.
        softmax_bias: bool.
        covariance_ddof: int.
        kid_subsets: int.
        kid_subset_size: int.
        neighbours: int.
        max_stored: int.
        generator_weights: str.

    Raises:
        ValueError: if a name is unknown.

    Example:
        >>> PRESETS["ot_gan"].softmax_bias, PRESETS["ot_gan"].splits
        (False, 10)
        >>> PRESETS["act"].unstated[:2]
        ('n_real', 'n_fake')
    """

    name: str
    source: str
    notes: str = ""
    unstated: tuple[str, ...] = ()
    scores: tuple[str, ...] = ("is", "fid", "kid")
    network: str = INCEPTION
    real: str = "the training split"
    n_real: int | None = None
    n_fake: int = 50_000
    quantise: str = "uint8"
    splits: int = 10
    softmax_bias: bool = True
    covariance_ddof: int = 1
    kid_subsets: int = 100
    kid_subset_size: int = 1000
    neighbours: int = 3
    max_stored: int = 10_000
    generator_weights: str = "ema"

    def __post_init__(self) -> None:
        """Check the names."""
        for field, known in (("quantise", QUANTISE), ("generator_weights", WEIGHTS)):
            if getattr(self, field) not in known:
                raise ValueError(
                    f"`{field}` must be one of {', '.join(known)}. "
                    f"Received: {getattr(self, field)!r}."
                )
        names = {field.name for field in dataclasses.fields(self)}
        if not set(self.unstated) <= names:
            raise ValueError(
                f"`unstated` must name fields of a protocol. Received: {self.unstated}."
            )


STANDARD = Protocol(
    "standard",
    "This project: 50,000 generated images against all training images, 8 bits on both sides, "
    "10 splits, covariances divided by n - 1; what TTUR, torch-fidelity and mimicry agree on.",
)

PRESETS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        STANDARD,
        Protocol(
            "ot_gan",
            "Salimans et al., Improving GANs Using Optimal Transport, ICLR 2018, Table 1, and the "
            "authors' code (openai/ot-gan).",
            "Inception score only, no FID. 50,000 samples 127.5 (x + 1) as floats, not rounded; "
            "class probabilities from the pool features times the last matrix, without its bias, "
            "over 1008 outputs. The reported number is the largest of all checkpoints, and of raw "
            "and averaged weights.",
            unstated=("real", "n_real", "covariance_ddof"),
            scores=("is",),
            quantise="none",
            softmax_bias=False,
        ),
        Protocol(
            "dot",
            "Tanaka, Discriminator optimal transport, NeurIPS 2019, and its code "
            "(AkinoriTanaka-phys/DOT).",
            "A chainer port of the network, images enlarged to 299 by chainer's bilinear "
            "(corners aligned), floats clipped to [0, 255]: not comparable to FIDs of the TF1 "
            "graph. Real: train and test together of CIFAR-10 (60,000), the 100,000 unlabelled "
            "images of STL-10 at 48 x 48, 798,900 files of ImageNet. Whether the last bias "
            "enters the class probabilities was not checked.",
            unstated=("softmax_bias", "generator_weights"),
            scores=("is", "fid"),
            real="train and test",
            quantise="none",
            generator_weights="raw",
        ),
        Protocol(
            "age",
            "Shen, Zhang and Chen, Bidirectional Generative Modeling Using Adversarial Gradient "
            "Estimation, appendix E.",
            "FID of 50,000 images; the evaluation code is not released.",
            unstated=("real", "n_real", "quantise", "covariance_ddof"),
            scores=("fid",),
            generator_weights="raw",
        ),
        Protocol(
            "lipschitz_gan",
            "Understanding the Effectiveness of Lipschitz-Continuity in GANs, ICLR 2019 "
            "submission, Table 2, and the authors' code (LGANs-for-reproduce).",
            "500,000 samples in 10 splits, FID against the 50,000 training images; the spread "
            "printed is that over splits. Pixels x * 128 + 128 although the data had 127.5 "
            "subtracted, so both sides are shifted by 0.5; here they are not. Probabilities "
            "without the last bias. Average of the generator with decay 0.99. Its flower "
            "scores (FID*, IS*) use a classifier of its own.",
            scores=("is", "fid"),
            n_real=50_000,
            n_fake=500_000,
            quantise="none",
            softmax_bias=False,
        ),
        Protocol(
            "act",
            "Zheng and Zhou, ACT: Asymptotic Conditional Transport, ICLR 2021 submission, Table 1.",
            'Says "FID and IS with a pre-trained Inception" and no more: no counts, splits or '
            "code. Every number here is this project's default.",
            unstated=(
                "n_real",
                "n_fake",
                "quantise",
                "splits",
                "softmax_bias",
                "covariance_ddof",
                "generator_weights",
                "real",
                "network",
            ),
            scores=("is", "fid"),
        ),
        Protocol(
            "mimicry",
            "torch-mimicry, README and torch_mimicry/metrics.",
            "50,000 real and generated images, TF1 graph, probabilities without the last bias. "
            "Generated images are stretched by the smallest and largest value of all of them "
            "before rounding; here [-1, 1] is the range.",
            n_real=50_000,
            softmax_bias=False,
            generator_weights="raw",
        ),
        Protocol(
            "studiogan",
            "PyTorch-StudioGAN, README and src/metrics.",
            "As many generated images as the training split has (pass num), one split, the "
            "PyTorch port of the network, pixels (x + 1) 127.5 truncated to 8 bits, resized by "
            "its 'friendly' resizer unless told otherwise, which is not offered here.",
            scores=("is", "fid"),
            network="inception_2015_12_05_torch_port",
            quantise="uint8_floor",
            splits=1,
        ),
        Protocol(
            "miyato",
            "Miyato et al., Spectral Normalization for GANs, ICLR 2018, appendix B.",
            "FID over 10,000 real and 5,000 generated images; its Inception score is of "
            "another 50,000, in 10 sets of 5,000. Which 10,000, and of which split, is not "
            "stated in the paper.",
            unstated=("real", "quantise", "covariance_ddof", "softmax_bias"),
            scores=("fid",),
            n_real=10_000,
            n_fake=5_000,
            generator_weights="raw",
        ),
        Protocol(
            "ttur",
            "Heusel et al., GANs Trained by a Two Time-Scale Update Rule, NeurIPS 2017, and "
            "fid.py of bioinf-jku/TTUR.",
            "50,000 generated images against all training images, covariances of numpy.cov "
            "(n - 1). fid.py drops a last partial batch of 50 and takes floats in [0, 255] as "
            "well as 8-bit files: rounding depends on the caller.",
            unstated=("quantise",),
            scores=("fid",),
            generator_weights="raw",
        ),
    )
}
"""Presets by name."""
