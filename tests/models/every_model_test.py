import pytest

from keras_ot_gans import models
from tests.models.cases import CASES
from tests.models.harness import CHECKS, run_model_test

# Each of these compiles several times: for the cases that differ in what they compile.
SMALL = set(CASES) - {"images", "fixed_features"}
SLOW = {
    "eager_equals_graph": SMALL,
    "samples_are_reproducible": SMALL,
    "fit_with_a_partial_batch": set(CASES) - {"fixed_features"},
    "jit_equals_graph": {"without_critic", "cross_entropy", "sliced", "max_gp"},
    "steps_per_execution_changes_nothing": {"without_critic", "sliced"},
    "validation_changes_no_training": {"without_critic", "sliced"},
    "resumes_from_weights_file": {"without_critic", "sliced", "max_gp"},
    "resumes_from_keras_file": {"with_critic", "cross_entropy", "max_gp", "ct_gan", "conditional"},
}
RUNS = [(n, check) for n in CASES for check in CHECKS if n in SLOW.get(check, CASES)]


@pytest.mark.parametrize(("name", "check"), RUNS)
def test_keeps_what_every_model_must(name, check, tmp_path):
    run_model_test(CASES[name], check, tmp_path)


def test_every_public_model_has_a_case():
    made = {type(case.make()).__name__ for case in CASES.values()}
    assert made == set(models.__all__) - {"AdversarialModel"}
