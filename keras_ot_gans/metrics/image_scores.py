"""All scores of images that share a feature network, from one pass over the images."""

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any

from keras_ot_gans.metrics.cards import check_statistics, make_card
from keras_ot_gans.metrics.fake import gather_fake
from keras_ot_gans.metrics.feature_networks import FeatureNetwork
from keras_ot_gans.metrics.feature_pass import FeaturePass
from keras_ot_gans.metrics.presets import PRESETS, Protocol
from keras_ot_gans.metrics.protocol import ProtocolCard
from keras_ot_gans.metrics.reference import compute_reference, look_at_real
from keras_ot_gans.metrics.reference_statistics import ReferenceStatistics
from keras_ot_gans.metrics.score import Scores
from keras_ot_gans.metrics.score_names import SCORES, needs
from keras_ot_gans.metrics.scoring import compute_scores
from keras_ot_gans.metrics.statistics_cache import StatisticsCache


class ImageScores:
    """Inception score, FID, KID, precision/recall and more, of a stream of images.

    The real images are reduced to statistics once, and cached on disk. Each evaluation is one
    pass over generated images, in memory that does not grow with their number. What the numbers
    depend on is in the card that every score carries.

    With too few images for the feature width FID is refused, and KID shown instead: the
    result's `refused` says why, and a warning is logged once.

    Args:
        network: `FeatureNetwork`, or a function without arguments that makes one, called when
            it is first needed: missing weights show then, as `WeightsMissing`.
        real: the real images: see `image_batches`. Each pass over them must give the same
            images. Or `ReferenceStatistics`, or the path of a file of them.
        scores: names out of "is", "fid", "kid", "fid_infinity" (extrapolated to endless
            images), "prdc" (precision, recall, density, coverage), "accuracy" and "intra_fid"
            (which need labels on both sides).
        protocol: `Protocol`, or the name of one of `PRESETS`.
        real_name: str, name of the real data on the card.
        split: str, which part of them.
        num: int > 1, generated images per evaluation; None for the protocol's.
        cache_dir: folder of the statistics; None for `default_cache_dir()`.
        batch_size: int > 0, images per call of the network.
        groups: int > 1, contiguous groups for the intervals: 10 more Frechet distances each.
        intervals: bool, False leaves them out (NaN), which saves their time.
        seed: int >= 0, of subsets and kept features.
        verbose: 0, or 1 for progress bars.

    Raises:
        ValueError: if a name is unknown or a number out of range.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> mean = lambda images: (images.mean(axis=(1, 2)), None)
        >>> network = FeatureNetwork("mean colour", "0" * 64, False, "none", 3, forward=mean)
        >>> rng = np.random.default_rng(0)
        >>> real = rng.integers(0, 256, (40, 4, 4, 3)).astype("uint8")
        >>> judge = ImageScores(network, real, ("fid",), cache_dir=tempfile.mkdtemp(), verbose=0)
        >>> scores = judge.evaluate(real)
        >>> round(scores["fid"].value, 4)
        0.0
        >>> scores["fid"].card.n_fake
        40
    """

    def __init__(
        self,
        network: FeatureNetwork | Callable[[], FeatureNetwork],
        real: Any,
        scores: Sequence[str] = ("is", "fid", "kid"),
        protocol: Protocol | str = "standard",
        *,
        real_name: str = "images",
        split: str = "all",
        num: int | None = None,
        cache_dir: str | os.PathLike | None = None,
        batch_size: int = 100,
        groups: int = 10,
        intervals: bool = True,
        seed: int = 0,
        verbose: int = 1,
    ) -> None:
        """Check the arguments; no image is read and no network built."""
        unknown = sorted(set(scores) - SCORES.keys())
        if isinstance(scores, str) or unknown or not scores:
            raise ValueError(
                f"`scores` must be a sequence of names of {', '.join(SCORES)}. "
                f"Received: {scores!r}. Try ('is', 'fid', 'kid')."
            )
        if isinstance(protocol, str):
            if protocol not in PRESETS:
                raise ValueError(
                    f"`protocol` must be a `Protocol` or one of {', '.join(PRESETS)}. "
                    f"Received: {protocol!r}."
                )
            protocol = PRESETS[protocol]
        num = protocol.n_fake if num is None else num
        for name, value, least in (
            ("num", num, 2), ("batch_size", batch_size, 1), ("groups", groups, 2), ("seed", seed, 0)
        ):  # fmt: skip
            if value < least:
                raise ValueError(f"`{name}` must be at least {least}. Received: {name}={value}.")
        self.scores, self.protocol, self.num = tuple(scores), protocol, num
        self.real_name, self.split = real_name, split
        self.batch_size, self.groups, self.seed = batch_size, groups, seed
        self.intervals, self.verbose = intervals, verbose
        self._cache_dir, self._network, self._real = cache_dir, network, real
        self._reference: ReferenceStatistics | None = None
        self._warned: set[str] = set()

    @property
    def network(self) -> FeatureNetwork:
        """The feature network, made at first use.

        Raises:
            WeightsMissing: if its weights cannot be had.
            ValueError: if it has no classes and a score needs them.
        """
        if not hasattr(self._network, "feature_dim"):
            self._network = self._network()
        if self._network.num_classes is None:
            lacking = [name for name in self.scores if SCORES[name].classes]
            if lacking:
                raise ValueError(
                    f"`network` must have classes for {', '.join(lacking)}. Received: "
                    f"{self._network.name!r}, which gives features only. Leave these scores out."
                )
        return self._network

    @property
    def with_labels(self) -> bool:
        """Whether the scores asked for need labels."""
        return any(SCORES[name].labels for name in self.scores)

    def prepare(self) -> ReferenceStatistics:
        """Make the network and the reference statistics, or read these from the cache.

        Returns:
            `ReferenceStatistics`, the same ones at each call.

        Raises:
            WeightsMissing: if the network's weights cannot be had.
            ValueError: if the real images or the cache folder cannot be used, or statistics that
                were passed are damaged or of another protocol.
        """
        if self._reference is not None:
            return self._reference
        network, real = self.network, self._real
        if isinstance(real, str | os.PathLike):
            real = ReferenceStatistics.load(real)
        if isinstance(real, ReferenceStatistics):
            check_statistics(real, self._card(real.real_side), network, self.with_labels)
            self._reference = real
            return real
        cache = StatisticsCache(self._cache_dir)
        labels = self.with_labels
        facts = look_at_real(real, self.protocol, self.batch_size, with_labels=labels)
        names = {"real": self.real_name, "split": self.split}
        side = self._card({**names, **facts._asdict()}).real_side()
        found = cache.get(side, labels)
        if found is None:
            found = compute_reference(
                network,
                real,
                self.protocol,
                facts,
                side,
                batch_size=self.batch_size,
                seed=self.seed,
                with_classes=labels,
                verbose=self.verbose,
            )
            cache.put(found)
        self._reference = found
        return found

    def evaluate(
        self,
        fake: Any,
        num: int | None = None,
        *,
        generator_weights: str = "unknown",
        sampler: str = "files",
    ) -> Scores:
        """Score generated images, in one pass.

        Args:
            fake: see `image_batches`: uint8, or floats in [-1, 1], of the real images' shape.
            num: int, how many of them; None for all of an array, else for `self.num`.
            generator_weights: "ema", "raw" or "unknown", for the card.
            sampler: str, how they were made, for the card.

        Returns:
            `Scores` by name: "is", "fid", "kid", "fid_infinity", "precision", "recall",
            "density", "coverage", "accuracy", "intra_fid", as far as asked for.

        Raises:
            WeightsMissing: as `prepare`.
            ValueError: as `prepare`, and if images are not finite, in another range, of another
                shape, or too few.
        """
        real = self.prepare()
        if num is None:
            sized = fake[0] if isinstance(fake, tuple) else fake
            num = len(sized) if hasattr(sized, "shape") and len(sized.shape) == 4 else self.num
        card = self._card(real.real_side, num, generator_weights, sampler)
        wanted, refused = needs(self.scores, real.count, num, self.network.feature_dim)
        self._warn(refused)
        kinds = [SCORES[name] for name in wanted]
        gathered = FeaturePass(
            self.network,
            self.protocol,
            num,
            self.groups,
            moments=any(kind.moments for kind in kinds),
            kept=any(kind.kept for kind in kinds),
            probabilities="is" in wanted,
            classes=any(kind.labels for kind in kinds),
        )
        gather_fake(gathered, fake, card, self.batch_size, self.verbose)
        found, failed = compute_scores(wanted, real, gathered, card, self.intervals)
        self._warn(failed)
        return Scores(found, card, {**refused, **failed})

    def __call__(self, real: Any, fake: Any) -> dict[str, float]:
        """Return plain numbers, as any metric of `(real, fake)`; `real` is not used.

        Args:
            real: anything: the reference was given to the constructor.
            fake: as for `evaluate`.

        Returns:
            dict of name to float.
        """
        return self.evaluate(fake).values_by_name()

    def _card(self, real: dict[str, Any], *generated: Any) -> ProtocolCard:
        return make_card(self.network, self.protocol, real, self.seed, *generated)

    def _warn(self, refused: dict[str, str]) -> None:
        for name, reason in refused.items():
            if name not in self._warned:
                self._warned.add(name)
                logging.getLogger(__name__).warning("No %s: %s", name, reason)
