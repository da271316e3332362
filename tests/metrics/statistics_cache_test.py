import dataclasses
import logging
import os

import numpy as np
import pytest

from keras_ot_gans.metrics import ImageScores, ReferenceStatistics, StatisticsCache
from keras_ot_gans.metrics.reference_statistics import DamagedStatistics
from keras_ot_gans.metrics.statistics_cache import default_cache_dir
from tests.metrics.cards import card, linear_network, uint8_images

SIDE = card().real_side()


@pytest.fixture
def statistics():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    return ReferenceStatistics(
        SIDE, rng.normal(size=3), root @ root.T, root, 50, rng.normal(size=(7, 3)), 2.5, 0.1
    )


def test_what_is_put_comes_back_bit_by_bit(tmp_path, statistics):
    cache = StatisticsCache(tmp_path / "deep" / "cache")
    assert cache.get(SIDE) is None
    path = cache.put(statistics)
    assert os.listdir(cache.folder) == [path.name] and path.name.startswith("toy-")
    found = cache.get(SIDE)
    for field in dataclasses.fields(statistics):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(statistics, field.name))
    assert type(found.count) is int and found.real_side == SIDE
    assert cache.get(card(seed=1).real_side()) is None
    assert cache.get(SIDE, with_classes=True) is None
    scatter = found.moments().covariance(ddof=1)
    np.testing.assert_allclose(scatter, statistics.covariance, rtol=1e-14)  # one product, one ratio


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def tamper(path):
    with np.load(path) as file:
        arrays = dict(file)
    arrays["mean"] = arrays["mean"] + 1e-9
    np.savez(path, **arrays)


def foreign(path):
    np.savez(path, mu=np.zeros(3), sigma=np.eye(3))


def lacking(path):
    with np.load(path) as file:
        arrays = dict(file)
    del arrays["root"]
    np.savez(path, **arrays)


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [truncate, tamper, foreign, lacking, empty])
def test_spoilt_file_is_named_and_not_used(spoil, tmp_path, statistics, caplog):
    cache = StatisticsCache(tmp_path)
    path = cache.put(statistics)
    spoil(path)
    with pytest.raises(DamagedStatistics, match=f"{path.name}: "):
        ReferenceStatistics.load(path)
    with caplog.at_level(logging.WARNING):
        assert cache.get(SIDE) is None
    assert path.name in caplog.text and "Computing them anew" in caplog.text
    cache.put(statistics)
    assert cache.get(SIDE).count == 50


def test_file_of_other_data_under_the_name_is_named(tmp_path, statistics, caplog):
    cache = StatisticsCache(tmp_path)
    other = card(data_hash="00" * 32).real_side()
    os.replace(cache.put(statistics), cache.path(other))
    assert cache.get(other) is None
    assert "statistics of other data" in caplog.text and cache.path(other).name in caplog.text


def test_spoilt_file_is_built_again(tmp_path, caplog):
    def build():
        judge = ImageScores(
            linear_network(), uint8_images(), ("fid",), cache_dir=tmp_path, verbose=0
        )
        return judge.prepare()

    first = build()
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    truncate(path)
    again = build()
    assert path.name in caplog.text
    np.testing.assert_array_equal(again.covariance, first.covariance)
    assert ReferenceStatistics.load(path).count == 60 and path.stat().st_size == len(whole)


def test_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path, statistics, monkeypatch):
    cache = StatisticsCache(tmp_path)
    cache.put(statistics)
    (before,) = tmp_path.iterdir()
    whole = before.read_bytes()

    def savez(path, **arrays):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(ValueError, match="`cache_dir` must be.*No space left on device.*MiB"):
        cache.put(statistics)
    assert list(tmp_path.iterdir()) == [before] and before.read_bytes() == whole


def test_unusable_folder_fails_before_any_image_is_read(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    read = []

    def real():
        read.append(1)
        return uint8_images()

    judge = ImageScores(linear_network(), real, cache_dir=tmp_path / "file", verbose=0)
    with pytest.raises(ValueError, match="`cache_dir` must be a folder"):
        judge.prepare()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ValueError, match="`cache_dir`.*no permission"):
        StatisticsCache(tmp_path)
    assert read == []


def test_default_folder_is_in_keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / "keras_ot_gans" / "statistics"
    assert StatisticsCache().folder == default_cache_dir()
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / ".keras" / "keras_ot_gans" / "statistics"
