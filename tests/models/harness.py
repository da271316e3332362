"""What every method must keep: one harness for all models.

A case says how to make a model; `run_model_test(case, check, tmp_path)` applies one of `CHECKS`.
A new method's basics are tested by adding its case to `cases.py`.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

STEPS, BATCH = 8, 8


@dataclass(frozen=True, eq=False)
class Case:
    """A model and its data.

    Attributes:
        make: function without arguments that returns the model, not compiled.
        shape: shape of one sample.
        updates: optimizer updates of each role in one round.
    """

    name: str
    make: Callable[[], keras.Model]
    shape: tuple
    updates: dict
    num_classes: int | None = None
    free_offset: bool = False  # the loss does not see the bias of the critic's last layer
    in_turn: bool = False  # roles move one after the other, each on a batch of its own

    @property
    def passes(self) -> int:
        return (sum if self.in_turn else max)(self.updates.values())

    def data(self, rows: int = STEPS * BATCH) -> np.ndarray:
        rng = np.random.default_rng(3)
        return np.clip(0.4 * rng.normal(size=(rows, *self.shape)), -1, 1).astype("float32")

    def labels(self, rows: int = STEPS * BATCH) -> np.ndarray | None:
        return None if self.num_classes is None else np.arange(rows) % self.num_classes

    def batch(self, rows: int = BATCH):
        """What `train_step` gets."""
        x, y = self.data(rows), self.labels(rows)
        return x if y is None else (x, y)

    def compiled(self, **kwargs) -> keras.Model:
        """The same weights and optimizers at each call.

        Steps are smooth functions of the gradient (Adam's epsilon is large), so that a rounding
        error stays one; both optimizers have slots to save.
        """
        keras.utils.set_random_seed(0)
        model = self.make()
        optimizers = {role: keras.optimizers.SGD(0.02, momentum=0.9) for role in model.networks}
        optimizers["generator"] = keras.optimizers.Adam(0.01, epsilon=0.1)
        model.compile(optimizers, **kwargs)
        return model

    def fit(self, model: keras.Model, epochs: int = 1, rows: int = STEPS * BATCH, **kwargs):
        x, y = self.data(rows), self.labels(rows)
        return model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, **kwargs)


@functools.cache
def reference(case: Case) -> keras.Model:
    """The model after one epoch in graph mode, shared by the checks: do not train it."""
    model = case.compiled()
    case.fit(model)
    return model


def weights(variables) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def states(model: keras.Model) -> list[tuple[str, np.ndarray]]:
    """All that decides a model's future: weights, seeds, averages, counters, optimizer slots."""
    variables = list(model.variables)
    for role in model.networks:
        variables += model.optimizer_of(role).variables
    return [(v.path, value) for v, value in zip(variables, weights(variables), strict=True)]


def changed_since(before: list[tuple[str, np.ndarray]], model: keras.Model) -> set[str]:
    """Paths of the states that differ from `before`, what `states` returned then."""
    pairs = zip(before, states(model), strict=True)
    return {path for (_, old), (path, new) in pairs if (old != new).any()}


def assert_same_states(a: keras.Model, b: keras.Model) -> None:
    for (path, left), (_, right) in zip(states(a), states(b), strict=True):
        np.testing.assert_array_equal(left, right, err_msg=path)


def assert_close_states(a: keras.Model, b: keras.Model, atol: float) -> None:
    for (path, left), (_, right) in zip(states(a), states(b), strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=atol, err_msg=path)


def moved(model: keras.Model, action: Callable) -> set[str]:
    """Roles with a trainable variable that `action` moves."""
    before = {role: weights(model.variables_of(role)) for role in model.networks}
    action()
    after = {role: weights(model.variables_of(role)) for role in model.networks}
    return {
        role
        for role in before
        if any((a != b).any() for a, b in zip(before[role], after[role], strict=True))
    }


# --- the checks ---


def updates_per_round(case, tmp_path):
    model = case.compiled()
    assert moved(model, lambda: model.train_step(case.batch())) == set(case.updates)
    done = {role: int(model.optimizer_of(role).iterations) for role in model.networks}
    assert done == case.updates
    assert model.step == case.updates["generator"]


def frozen_roles_stand_still(case, tmp_path):
    model = case.compiled()
    for role in case.updates:
        model.freeze(role)
        assert model.frozen == (role,)
        whole = weights(v for layer in model.networks[role] for v in layer.variables)
        others = set(case.updates) - {role}
        assert moved(model, lambda: model.train_step(case.batch())) == others
        # Moving statistics of a frozen role stand still as well.
        now = weights(v for layer in model.networks[role] for v in layer.variables)
        for a, b in zip(whole, now, strict=True):
            np.testing.assert_array_equal(a, b)
        model.unfreeze(role)
        assert role in moved(model, lambda: model.train_step(case.batch()))


def every_variable_gets_a_gradient(case, tmp_path):
    model = case.compiled()
    for role, network in model.networks.items():
        before = weights(model.variables_of(role))
        assert len(before) == sum(len(layer.trainable_variables) for layer in network) > 0
    start = {role: weights(model.variables_of(role)) for role in model.networks}
    for _ in range(2):
        model.train_step(case.batch())
    for role, before in start.items():
        for a, v in zip(before, model.variables_of(role), strict=True):
            # A dense bias before a batch norm has no effect on the loss, so no gradient.
            blind = v.path.endswith("bias") and _feeds_batch_norm(model, v)
            if case.free_offset and role == "critic":
                blind = blind or v is model.variables_of(role)[-1]
            if not blind:
                assert (a != v.numpy()).any(), v.path


def _feeds_batch_norm(model, bias) -> bool:
    for network in model.networks["generator"]:
        layers = network.layers
        for layer, after in zip(layers, layers[1:], strict=False):
            normalised = isinstance(after, keras.layers.BatchNormalization)
            if normalised and any(bias is v for v in layer.weights):
                return True
    return False


def fit_with_a_partial_batch(case, tmp_path):
    # In a graph the last batch has a size of its own; in eager mode all sizes are known.
    model = case.compiled(run_eagerly=case.name not in ("with_critic", "sliced"))
    history = case.fit(model, epochs=2, rows=2 * BATCH + 4).history
    assert set(history) == {tracker.name for tracker in model.metrics}
    assert all(len(v) == 2 and np.isfinite(v).all() for v in history.values())
    assert model.step == 2 * 3 * case.updates["generator"]
    # The means begin anew with each epoch: they hold the passes of its three batches only, a
    # role's own loss those in which it moves.
    counts = {float(tracker.count) for tracker in model.metrics}
    assert max(counts) == 3.0 * case.passes
    assert counts <= {3.0 * n for n in (*case.updates.values(), case.passes)}


def eager_equals_graph(case, tmp_path):
    model = case.compiled(run_eagerly=True)
    case.fit(model)
    # Float32 roundings over eight steps.
    assert_close_states(model, reference(case), atol=1e-5)


def jit_equals_graph(case, tmp_path):
    model = case.compiled(jit_compile=True)
    case.fit(model)
    # XLA sums in another order; eight steps carry it on.
    assert_close_states(model, reference(case), atol=3e-5)


def steps_per_execution_changes_nothing(case, tmp_path):
    model = case.compiled(steps_per_execution=3)  # 3 + 3 + 2
    case.fit(model)
    assert_same_states(model, reference(case))


def resumes_from_keras_file(case, tmp_path):
    _resume(case, tmp_path, frozen=None, through=_by_keras_file)


def resumes_from_weights_file(case, tmp_path):
    _resume(case, tmp_path, frozen="generator", through=_by_weights_file)


def _by_keras_file(case, model, tmp_path):
    model.save(tmp_path / "model.keras")
    return keras.saving.load_model(tmp_path / "model.keras")


def _by_weights_file(case, model, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = case.compiled()
    loaded.seed_generator.next()
    loaded.load_weights(tmp_path / "model.weights.h5")
    return loaded


def _resume(case, tmp_path, frozen, through):
    model = case.compiled()
    case.fit(model)
    if frozen is not None:
        model.freeze(frozen)
    model.sample_latents(2)  # the stream of samples has a state of its own
    loaded = through(case, model, tmp_path)
    assert_same_states(loaded, model)
    assert loaded.frozen == model.frozen
    assert loaded.step == model.step == STEPS * case.updates["generator"]
    histories = [case.fit(m, epochs=1).history for m in (model, loaded)]
    assert histories[0] == histories[1]
    assert_same_states(loaded, model)
    np.testing.assert_array_equal(loaded.sample(3), model.sample(3))


def config_round_trip(case, tmp_path):
    model = case.compiled()
    copy = type(model).from_config(model.get_config())
    assert copy.get_config() == model.get_config()
    assert set(copy.networks) == set(model.networks)
    again = type(model).from_config(model.get_config())  # a config can be used twice
    assert [v.shape for v in again.variables] == [v.shape for v in model.variables]


def evaluation_changes_nothing(case, tmp_path):
    model = case.compiled()
    before = states(model)
    x, y = case.data(2 * BATCH), case.labels(2 * BATCH)
    values = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
    assert set(values) == {tracker.name for tracker in model.metrics}
    # Only the stream of `sample` moves.
    assert changed_since(before, model) == {model.sample_seed.state.path}


def validation_changes_no_training(case, tmp_path):
    # The same seed, the same run, whether somebody looks at it or not.
    model = case.compiled()
    validation = tuple(v for v in (case.data(BATCH + 3), case.labels(BATCH + 3)) if v is not None)
    history = case.fit(model, validation_data=validation, validation_batch_size=BATCH).history
    assert {f"val_{tracker.name}" for tracker in model.metrics} < set(history)
    assert changed_since(states(reference(case)), model) == {model.sample_seed.state.path}


def samples_are_reproducible(case, tmp_path):
    model = reference(case)
    first = model.sample(7, seed=5)
    assert (first.shape, first.dtype) == ((7, *case.shape), np.float32)
    np.testing.assert_array_equal(model.sample(7, seed=5), first)
    # Rows of a product do not depend on their neighbours beyond its last bits.
    np.testing.assert_allclose(model.sample(7, seed=5, batch_size=2), first, atol=1e-6)
    assert np.abs(model.sample(7, seed=6) - first).max() > 0
    before = states(model)
    assert np.abs(model.sample(7) - model.sample(7)).max() > 0
    # Only the stream of samples moves, so the training goes on as if nobody had looked.
    assert changed_since(before, model) == {model.sample_seed.state.path}
    assert model.sample(0).shape == (0, *case.shape)


CHECKS = {
    check.__name__: check
    for check in (
        updates_per_round,
        frozen_roles_stand_still,
        every_variable_gets_a_gradient,
        fit_with_a_partial_batch,
        eager_equals_graph,
        jit_equals_graph,
        steps_per_execution_changes_nothing,
        resumes_from_keras_file,
        resumes_from_weights_file,
        config_round_trip,
        evaluation_changes_nothing,
        validation_changes_no_training,
        samples_are_reproducible,
    )
}


def run_model_test(case: Case, check: str, tmp_path) -> None:
    """Apply one of `CHECKS` to a case."""
    CHECKS[check](case, tmp_path)
