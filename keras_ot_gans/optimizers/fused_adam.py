"""Adam in one pass over memory."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` with TensorFlow's fused kernel for the update.

    The same formula, arguments, slots and saved state. Keras's own update reads and writes each
    slot several times; on a CPU, where wide dense layers make the update bound by memory, that can
    take as long as their gradients. `amsgrad` has no fused kernel and takes Keras's path.

    Args:
        *args: as `keras.optimizers.Adam`.
        **kwargs: as `keras.optimizers.Adam`.

    Example:
        >>> weight = keras.Variable([1.0])
        >>> FusedAdam(0.1).apply([tf.constant([2.0])], [weight])
        >>> round(float(weight[0]), 4)      # the first step has the length of the learning rate
        0.9

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, Algorithm 1.
    Differs: epsilon is added outside the bias correction (section 2, last lines), as in Keras.
    """

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Update one variable and its two slots."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = tf.cast(self.beta_1, dtype), tf.cast(self.beta_2, dtype)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )


def _handle(variable) -> tf.Tensor:
    """Return the resource of a Keras variable or of a replica's part of one."""
    inner = variable.value if isinstance(variable, keras.Variable) else variable
    return inner.handle
