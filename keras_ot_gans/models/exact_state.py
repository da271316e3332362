"""Saving everything that decides a model's future."""

import keras
import numpy as np


class ExactState:
    """Adds to Keras's formats what none of them saves: seed states and frozen roles.

    With them, a model that is saved, loaded and trained on is bit-identical to one that was never
    interrupted.
    """

    def _seed_states(self) -> list[keras.Variable]:
        return [v for v in self.variables if v.path.endswith("seed_generator_state")]

    def save_own_variables(self, store) -> None:
        """Save the counters, and what no Keras format saves: seed states and frozen roles."""
        super().save_own_variables(store)
        for index, state in enumerate(self._seed_states()):
            store[f"seed_{index}"] = keras.ops.convert_to_numpy(state)
        store["frozen"] = np.array([role in self._frozen for role in sorted(self.networks)])

    def load_own_variables(self, store) -> None:
        """Load what `save_own_variables` saved."""
        # Keras's own loader insists on knowing every key.
        super().load_own_variables(
            {key: store[key] for key in store.keys() if key.isdigit()}  # noqa: SIM118
        )
        for index, state in enumerate(self._seed_states()):
            state.assign(store[f"seed_{index}"][()])
        flags = zip(sorted(self.networks), store["frozen"][()], strict=True)
        self._set_frozen(tuple(role for role, flag in flags if flag))
