"""Optimizer steps of roles, from one backward pass."""

from collections.abc import Sequence

import tensorflow as tf

from keras_ot_gans.models import players, replicas


class RoleUpdates:
    """Methods of `AdversarialModel` that move roles along the gradient of a loss."""

    def update(
        self,
        tape: tf.GradientTape,
        loss: tf.Tensor,
        *,
        descend: Sequence[str] = (),
        ascend: Sequence[str] = (),
    ) -> None:
        """Take one optimizer step of several roles on one loss, with one backward pass.

        Divides by the replica count, scales the loss under mixed precision, reduces gradients
        before clipping, and keeps the generator's EMA and the step counter.

        Args:
            tape: the `tf.GradientTape` or `FeatureTape` that saw the loss.
            loss: scalar.
            descend: roles that minimise the loss.
            ascend: roles that maximise it.
        """
        self.apply(self.gradients(tape, loss, descend=descend, ascend=ascend), loss)

    def gradients(
        self,
        tape: tf.GradientTape,
        loss: tf.Tensor,
        *,
        descend: Sequence[str] = (),
        ascend: Sequence[str] = (),
    ) -> dict[str, list[tf.Tensor]]:
        """Compute what `apply` applies, for roles that move at once on several losses.

        Args:
            tape: as in `update`.
            loss: scalar.
            descend: roles that minimise the loss.
            ascend: roles that maximise it.

        Returns:
            `{role: gradients to descend along}`, this replica's share, with each role's loss scale.
        """
        roles = (*descend, *ascend)
        if not roles:
            return {}
        scales = {role: players.loss_scale(self.optimizer_of(role)) for role in roles}
        shared = scales[roles[0]]
        gradients = tape.gradient(
            loss,
            # Of Keras's own variables the tape cannot make the zeros of an unconnected one.
            {role: [v.value for v in self.variables_of(role)] for role in roles},
            output_gradients=tf.cast(shared / replicas.count(), loss.dtype),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        for role in roles:
            factor = scales[role] / shared * (-1.0 if role in ascend else 1.0)
            # A factor of 1 would still be a pass over every gradient.
            if not isinstance(factor, float) or factor != 1.0:
                gradients[role] = [g * factor for g in gradients[role]]
        return gradients

    def apply(self, gradients: dict[str, list[tf.Tensor]], *losses: tf.Tensor) -> None:
        """Take one optimizer step of each role.

        Args:
            gradients: results of `gradients`, merged.
            *losses: scalars that they belong to.
        """
        # Counters need no data: without this, a batch that fails to arrive would still move them.
        with tf.control_dependencies(list(losses)):
            for role, own in gradients.items():
                replicas.apply_gradients(self.optimizer_of(role), own, self.variables_of(role))
                players.take_power_steps(self.networks[role])
            if "generator" in gradients:
                self.generator_updates.assign_add(1)
                self._update_average()
