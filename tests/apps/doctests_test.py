import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["atomic", "checkpoints", "look_up", "run_folder", "run_labels"])
def test_examples_of_the_apps(name):
    module = importlib.import_module(f"apps.{name}")
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0 and result.failed == 0
