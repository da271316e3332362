"""The critic's values of real and of generated samples."""

from typing import Any

import numpy as np

from keras_ot_gans.ops.arguments import check_int
from keras_ot_gans.samplers.arguments import check_seed
from keras_ot_gans.samplers.pair import Pair
from keras_ot_gans.samplers.program import program
from keras_ot_gans.samplers.step_seeds import reserved_stream


def critic_scores(
    pair: Pair,
    real: np.ndarray,
    *,
    real_labels: Any = None,
    n_fake: int | None = None,
    seed: int = 0,
    batch_size: int = 100,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the critic's values of real and of generated samples, for `calibrate`.

    Args:
        pair: `Pair`, such as `sampler.pair`.
        real: float array `(n, *sample_shape)`, in the range of the generator.
        real_labels: int array `(n,)` of a conditional pair. The generated samples have the same
            labels, so that their frequencies do not enter the ratio.
        n_fake: int > 0, generated samples; None for `n`.
        seed: int in [0, 2**31), the same samples at each call; others than a sampler draws by
            this seed.
        batch_size: int > 0, samples per call of the networks.

    Returns:
        `(real_scores, fake_scores)`, float32 arrays `(n,)` and `(n_fake,)`.

    Raises:
        ValueError: if there is no critic, the samples are not of the pair, or labels are missing,
            superfluous, out of range or not `n`.
        TypeError: if a number is no integer.

    Example:
        >>> pair = Pair(lambda z: 2.0 * z, lambda x: x[:, 0], latent_dim=1)
        >>> real_scores, fake_scores = critic_scores(pair, np.array([[3.0], [4.0]]), n_fake=5)
        >>> real_scores.tolist(), fake_scores.shape
        ([3.0, 4.0], (5,))
    """
    real = np.asarray(real, "float32")
    if real.shape[1:] != pair.sample_shape or not len(real):
        raise ValueError(
            f"`real` must hold samples like the generator's, (n, "
            f"{', '.join(map(str, pair.sample_shape))}). Received: shape {real.shape}."
        )
    n_fake = len(real) if n_fake is None else check_int("n_fake", n_fake, 1, "Try 10000.")
    batch_size = check_int("batch_size", batch_size, 1, "Try 100.")
    if (real_labels is None) != (pair.labels is None):
        raise ValueError(
            f"`real_labels` must be {'None' if pair.labels is None else 'given'} for this pair. "
            f"Received: real_labels={real_labels}. Conditional pairs have `labels`."
        )
    if real_labels is not None:
        real_labels = pair.labels.checked(real_labels, "real_labels")
        if len(real_labels) != len(real):
            raise ValueError(
                f"`real_labels` must hold one label per sample, {len(real)}. "
                f"Received: {len(real_labels)}."
            )
    stream = reserved_stream("scores", check_seed(seed))

    def scores(n, function, rows):
        compiled, found = program(function), []
        for start in range(0, n, batch_size):
            # Full batches, so that one compiled program serves all.
            index = np.arange(start, start + batch_size) % len(real)
            labels = None if real_labels is None else real_labels[index]
            found.append(compiled(rows(index), labels).numpy())
        return np.concatenate(found)[:n]

    def latents(index):
        return pair.prior.sample((len(index), pair.latent_dim), stream)

    of_real = scores(len(real), pair.score, lambda index: real[index])
    return of_real, scores(n_fake, pair.score_latents, latents)
