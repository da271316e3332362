import numpy as np
import pytest

from keras_ot_gans.callbacks import FreezeRole

DATA = np.zeros((12, 1))


@pytest.mark.parametrize(("per_execution", "frozen_at"), [(1, 5), (2, 6), (4, 8)])
def test_freezes_at_the_first_batch_end_at_or_after(per_execution, frozen_at, fit_game):
    model = fit_game()
    model.compile(optimizer=None, steps_per_execution=per_execution)
    model.fit(DATA, batch_size=1, verbose=0, callbacks=[FreezeRole("navigator", at_update=5)])
    assert model.step == 12
    assert model.frozen == ("navigator",)  # once
    assert model.frozen_at == {"navigator": frozen_at}


def test_counts_updates_over_epochs_and_fits(fit_game):
    model = fit_game()
    callback = FreezeRole("navigator", at_update=30)
    model.fit(DATA, batch_size=1, epochs=2, verbose=0, callbacks=[callback])
    assert model.frozen == ()
    model.fit(DATA, batch_size=1, verbose=0, callbacks=[callback])
    assert model.frozen_at == {"navigator": 30}


def test_a_continued_run_is_frozen_from_its_first_update(fake_game):
    for step, frozen in ((29, ()), (30, ("navigator",)), (99, ("navigator",))):
        callback, model = FreezeRole("navigator", at_update=30), fake_game(step=step)
        callback.set_model(model)
        callback.on_train_begin()
        callback.on_train_begin()
        assert model.frozen == frozen


def test_zero_freezes_at_once(fit_game):
    model = fit_game()
    model.fit(DATA, batch_size=1, verbose=0, callbacks=[FreezeRole("navigator", at_update=0)])
    assert model.frozen_at == {"navigator": 0}


def test_bad_input_is_named(fake_game):
    with pytest.raises(ValueError, match="`role` must be one of critic, .*role='crtic'"):
        FreezeRole("crtic", 5)
    with pytest.raises(ValueError, match="`at_update` must be an integer of at least 0"):
        FreezeRole("critic", -1)
    callback = FreezeRole("critic", 5)
    callback.set_model(fake_game())  # its critic is None
    with pytest.raises(ValueError, match="network that the model has. Received: role='critic'"):
        callback.on_train_begin()
