"""What an ACTGAN shows of its navigator."""

import numpy as np
import tensorflow as tf

from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.ops.plans import conditional_plans


class ACTViews:
    """Methods of `ACTGAN` for a look at its plans, in inference mode; no state moves."""

    def plans(
        self, x_real: np.ndarray, x_fake: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cost and both conditional plans between two batches, for a look at them.

        Args:
            x_real: array `(n, ...)`.
            x_fake: array `(m, ...)`.

        Returns:
            `(cost, forward, backward)`, float32 arrays `(n, m)`; rows of `forward` and columns of
            `backward` sum to 1.
        """
        x_real, x_fake = (tf.constant(np.asarray(x, "float32")) for x in (x_real, x_fake))
        _, _, cost, distance = self.compared(x_real, x_fake, training=False)
        plans = conditional_plans(distance)
        return cost.numpy(), plans.forward.numpy(), plans.backward.numpy()

    def navigator_logits(self, x: np.ndarray) -> np.ndarray:
        """Return one number per point that shows how the navigator sees it (Fig. 14).

        The sign of a principal component is arbitrary.

        Args:
            x: array `(n, ...)`.

        Returns:
            float array `(n,)`: the navigator's feature if it has one, else the first principal
            component of its features, or of its distances to all points of `x`.
        """
        x = tf.convert_to_tensor(np.asarray(x, "float32"))
        if isinstance(self.navigator, PairwiseDistance):
            t, _ = self._features("critic", self.critic, x, x, False)
            seen = self.navigator(t, t, training=False)
        else:
            seen = self.navigator(x, training=False)
        seen = tf.cast(seen, tf.float32).numpy().reshape(len(x), -1)
        if seen.shape[1] == 1:
            return seen[:, 0]
        centred = seen - seen.mean(axis=0)
        return centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
