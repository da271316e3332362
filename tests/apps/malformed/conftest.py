"""Small valid things, made once, copied for each case."""

import shutil
import sys

import pytest

from tests.apps.malformed import configs_cases, runs


@pytest.fixture
def points(tmp_path, monkeypatch):
    """A folder with a config file of points; nothing may appear beside it."""
    monkeypatch.delitem(sys.modules, "config_config", raising=False)  # of the case before
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    (tmp_path / "config.py").write_text(configs_cases.POINTS.format(change="pass"))
    return tmp_path


@pytest.fixture
def images(tmp_path, monkeypatch):
    """A folder with a config file of images."""
    monkeypatch.delitem(sys.modules, "config_config", raising=False)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    (tmp_path / "config.py").write_text(configs_cases.IMAGES.format(change="pass"))
    return tmp_path


@pytest.fixture(scope="session")
def _finished(tmp_path_factory):
    """The folders that cases copy."""
    found = {}

    def get(name, make):
        if name not in found:
            found[name] = tmp_path_factory.mktemp(name)
            make(found[name])
        return found[name]

    return get


@pytest.fixture
def finished_points(_finished, tmp_path):
    """A copy of a finished run of points, in `run`, and the config file that continues it."""
    shutil.copytree(_finished("points", runs.make_points), tmp_path, dirs_exist_ok=True)
    (tmp_path / "config.py").write_text(configs_cases.POINTS.format(change="pass"))
    return tmp_path


@pytest.fixture
def finished_images(_finished, tmp_path):
    """A copy of a finished run of labelled images, in `run`, and what was made of it."""
    shutil.copytree(_finished("images", runs.make_images), tmp_path, dirs_exist_ok=True)
    return tmp_path
