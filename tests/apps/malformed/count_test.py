"""How many malformed inputs there are: hand-made ones, and seeded random ones beside them."""

from tests.apps.malformed import (
    checkpoints_test,
    data_cases,
    data_test,
    exports_test,
    flags_test,
    fuzz_test,
    generators_test,
    run_folder_test,
    sampling_test,
    scoring_test,
)

TABLES = (
    flags_test.FLAGS, flags_test.CHANGES, flags_test.TEXTS, data_cases.BROKEN, data_cases.LEFT_OUT,
    data_cases.ARRAYS, data_test.FOLDERS, run_folder_test.RUNS, run_folder_test.MODELS,
    checkpoints_test.DAMAGE, checkpoints_test.CHECKPOINTS, run_folder_test.LINES,
    generators_test.GENERATORS, sampling_test.SAMPLES, sampling_test.EXPORTING,
    exports_test.EXPORTS, scoring_test.STATISTICS, scoring_test.ARRAYS, scoring_test.SCORING,
)  # fmt: skip


def test_there_are_more_than_two_hundred_by_hand_and_as_many_at_random():
    assert sum(map(len, TABLES)) > 400
    assert sum(fuzz_test.EXAMPLES.values()) > 200
