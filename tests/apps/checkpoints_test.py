import h5py
import pytest

from apps import builders, checkpoints, restoring


@pytest.fixture
def model(swd_config):
    return builders.build_model(swd_config, (2,))


def corrupt(path):
    """Change one byte in the middle of the data, which HDF5 does not notice."""
    with h5py.File(path, "r") as file:
        found = []
        file.visititems(lambda _, item: found.append(item) if hasattr(item, "size") else None)
        place = max(found, key=lambda item: item.size).id.get_offset()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def test_progress_is_in_the_name_and_inside(model, tmp_path):
    model.generator_updates.assign(77)
    path = checkpoints.save(model, tmp_path, 7)
    assert path.name == "epoch_000007.weights.h5" and checkpoints.epoch_of(path) == 7
    assert checkpoints.verify(path) == (7, 77, (2,), 0)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_order_is_that_of_numbers(tmp_path):
    names = [
        "epoch_000000",
        "epoch_000000_round_000001",
        "epoch_000002",
        "epoch_999999",
        "epoch_999999_round_999999",
        "epoch_999999_round_1000000",
        "epoch_1000000",
        "epoch_1000000_round_000005",
        "epoch_10000000",
    ]
    others = [
        "epoch_1",
        "epoch_x",
        "epoch_-00001",
        "epoch_\u0661\u0661\u0661\u0661\u0661\u0661",
        "step_000001",
    ]
    for name in [*reversed(names), *others]:
        (tmp_path / f"{name}.weights.h5").touch()
    found = checkpoints.files(tmp_path)
    assert [path.name.removesuffix(".weights.h5") for path in found] == names
    whole = [name for name in names if "round" not in name]
    assert [p.name[:-11] for p in checkpoints.whole_epochs(tmp_path)] == whole
    places = [(checkpoints.epoch_of(path), checkpoints.place_of(path.name[:-11])) for path in found]
    assert all(epoch == place[0] for epoch, place in places)
    assert places[5] == (999_999, (999_999, 1_000_000))


def group_in_itself(file):
    group = file.create_group("a")
    group["self"] = group


def groups_in_each_other(file):
    file.create_group("a/b")
    file["a/b/a"] = file["a"]


def file_in_a_group(file):
    file.create_group("a")["all"] = file["/"]


def group_of_two_names(file):
    file.create_group("a/b")
    file["c"] = file["a/b"]


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (group_in_itself, "/a/self"),
        (groups_in_each_other, "/a/b/a"),
        (file_in_a_group, "/a/all"),
        (group_of_two_names, "/a/b"),
    ],
)
def test_groups_must_be_a_tree(tmp_path, make, place):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        make(file)
        with pytest.raises(ValueError, match=f"Received: a group for the second time at {place}."):
            restoring.check_self_contained(file)


@pytest.mark.parametrize("damage", [corrupt, truncate, empty])
def test_damaged_file_is_named_and_the_one_before_taken(model, tmp_path, capsys, damage):
    for epoch in (1, 2, 3):
        path = checkpoints.save(model, tmp_path, epoch)
    damage(path)
    found, progress = checkpoints.newest(tmp_path)
    assert (found.name, progress.epoch) == ("epoch_000002.weights.h5", 2)
    message = capsys.readouterr().err
    assert str(path) in message and "damaged" in message and "the one before" in message


def test_nothing_but_damaged_files_is_an_error_and_not_a_new_beginning(model, tmp_path):
    truncate(checkpoints.save(model, tmp_path, 1))
    with pytest.raises(ValueError, match="`--workdir` must hold a whole checkpoint. Received: 1"):
        checkpoints.newest(tmp_path)
    assert checkpoints.newest(tmp_path / "missing") is None


def test_progress_belongs_to_what_is_verified(model, tmp_path):
    path = checkpoints.save(model, tmp_path, 1)
    with h5py.File(path, "r+") as file:
        file.attrs["epoch"] = 2
    with pytest.raises(checkpoints.DamagedError, match="not that which was written"):
        checkpoints.verify(path)


def test_a_checkpoint_that_a_run_replaces_while_it_is_looked_at_is_not_damaged(
    model, tmp_path, capsys, monkeypatch
):
    checkpoints.save(model, tmp_path, 1)
    verify, times = checkpoints.verify, []

    def replaced_first(path):
        times.append(path.name[:12])
        if len(times) <= lasting:  # the run goes on between listing and opening
            checkpoints.save(model, tmp_path, len(times) + 1)
            path.unlink()
        return verify(path)

    monkeypatch.setattr(checkpoints, "verify", replaced_first)
    lasting = 2
    assert checkpoints.newest(tmp_path)[1].epoch == 3
    assert times == ["epoch_000001", "epoch_000002", "epoch_000003"]
    lasting = 100
    with pytest.raises(ValueError, match="`--workdir` must hold a checkpoint while") as refused:
        checkpoints.newest(tmp_path)
    assert "remove" not in str(refused.value) and "same command again" in str(refused.value)
    assert "damaged" not in capsys.readouterr().err


def test_the_newest_is_loaded_also_where_it_was_replaced_since_it_was_found(
    model, tmp_path, monkeypatch
):
    checkpoints.save(model, tmp_path, 1)
    load, times = restoring.load_weights, []

    def replaced_first(model, path):
        times.append(path.name[:12])
        if len(times) <= lasting:
            checkpoints.save(model, tmp_path, len(times) + 1)
            path.unlink()
        load(model, path)

    monkeypatch.setattr(restoring, "load_weights", replaced_first)
    lasting = 1
    path, progress = checkpoints.load_newest(model, tmp_path)
    assert (path.name[:12], progress.epoch) == ("epoch_000002", 2) and len(times) == 2
    lasting = 100
    with pytest.raises(ValueError, match="`--workdir` must hold a checkpoint while"):
        checkpoints.load_newest(model, tmp_path)
    empty(checkpoints.save(model, tmp_path, 200))
    with pytest.raises(ValueError, match="`--workdir` must hold a checkpoint while"):
        checkpoints.load_newest(model, tmp_path / "missing")
