"""Cards out of a network, a protocol and what the real images tell."""

from typing import Any

from keras_ot_gans.metrics.feature_networks import FeatureNetwork
from keras_ot_gans.metrics.presets import Protocol
from keras_ot_gans.metrics.protocol import ProtocolCard
from keras_ot_gans.metrics.reference_statistics import ReferenceStatistics


def make_card(
    network: FeatureNetwork,
    protocol: Protocol,
    real: dict[str, Any],
    seed: int,
    num: int = 0,
    generator_weights: str = "unknown",
    sampler: str = "none",
) -> ProtocolCard:
    """Fill in a card.

    Args:
        network: `FeatureNetwork`.
        protocol: `Protocol`.
        real: dict of `real`, `split`, `data_hash`, `n_real`, `image_size` and `channels`; the
            real side of another card does as well.
        seed: int.
        num: int, generated images; 0 for a card of the real side only.
        generator_weights: str.
        sampler: str.

    Returns:
        `ProtocolCard`; the size of the kernel distance's subsets is the one that is used, which
        is smaller than the protocol's where there are fewer images.
    """
    fewest = min(real["n_real"], num or real["n_real"], protocol.max_stored)
    return ProtocolCard(
        feature_network=network.name,
        weights_hash=network.weights_hash,
        resize=network.resize,
        quantise=protocol.quantise,
        image_size=real["image_size"],
        channels=real["channels"],
        real=real["real"],
        split=real["split"],
        data_hash=real["data_hash"],
        n_real=real["n_real"],
        n_fake=num,
        splits=protocol.splits,
        softmax_bias=protocol.softmax_bias,
        covariance_ddof=protocol.covariance_ddof,
        kid_subsets=protocol.kid_subsets,
        kid_subset_size=max(2, min(protocol.kid_subset_size, fewest)),
        neighbours=protocol.neighbours,
        max_stored=protocol.max_stored,
        generator_weights=generator_weights,
        sampler=sampler,
        seed=seed,
    )


def check_statistics(
    real: ReferenceStatistics, card: ProtocolCard, network: FeatureNetwork, with_classes: bool
) -> None:
    """Refuse reference statistics of another network or protocol.

    Args:
        real: `ReferenceStatistics` that a user passed.
        card: card that they would have here.
        network: `FeatureNetwork`.
        with_classes: bool, whether statistics of each class are needed.

    Raises:
        ValueError: if they do not fit; what differs is listed.
    """
    here, there = card.real_side(), real.real_side
    names = [name for name in here if here[name] != there.get(name)]
    if names:
        lines = [f"  {name}: {there.get(name)!r} there, {here[name]!r} here" for name in names]
        raise ValueError(
            "`real` must be statistics of the same network and protocol. Received: a file that "
            "differs in\n" + "\n".join(lines) + "\nPass the images, or that protocol."
        )
    if len(real.mean) != network.feature_dim:
        raise ValueError(
            f"`real` must hold features of width {network.feature_dim}, as the network's. "
            f"Received: {len(real.mean)}. They are of another network."
        )
    if with_classes and not real.with_classes:
        raise ValueError(
            "`real` must hold statistics of each class for scores of classes. "
            "Received: statistics without them. Pass the images with their labels."
        )
