import keras
import pytest

from apps.look_up import call, look_up
from keras_ot_gans import models


def test_call_leaves_none_to_the_default():
    assert call("x", lambda a, b=2, c=3: (a, b, c), {"name": "f", "b": None, "c": 4}, 1) == (
        1,
        2,
        4,
    )


def test_call_names_a_missing_key():
    with pytest.raises(ValueError, match=r"`model.generator.hidden` must be given.*name, width"):
        call("model.generator", lambda hidden: hidden, {"name": "mlp", "width": None})


def test_call_knows_what_a_class_passes_on():
    with pytest.raises(ValueError, match="forward_weight.*ema_decay.*Received: gama"):
        call("model", models.ACTGAN, {"gama": 0.5}, None, None)
    optimizer = call("optimizers.g", keras.optimizers.Adam, {"name": "adam", "clipnorm": 1.0})
    assert optimizer.clipnorm == 1.0
    with pytest.raises(ValueError, match="`optimizers.g` must have keys among.*beta_1"):
        call("optimizers.g", keras.optimizers.Adam, {"momentum": 0.9})


def test_look_up_without_a_likeness_lists_all():
    with pytest.raises(ValueError, match="one of a, b. Received: 'zzz'. Choose one"):
        look_up("x", "zzz", {"b": 1, "a": 2})
