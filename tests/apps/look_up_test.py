import keras
import pytest

from apps.look_up import call, look_up
from keras_ot_gans import models, samplers


def test_call_leaves_none_to_the_default():
    assert call("x", lambda a, b=2, c=3: (a, b, c), {"name": "f", "b": None, "c": 4}, 1) == (
        1,
        2,
        4,
    )


def test_call_keeps_a_none_that_the_user_wrote():
    def sampler(percentile: float | None = 80.0, burn_in: int = 10, anything=1):
        return percentile, burn_in, anything

    written = {"name": "f", "percentile": None, "anything": None}
    assert call("x", sampler, written) == (80.0, 10, 1)
    assert call("x", sampler, written, keep_none=True) == (None, 10, None)
    made = call(
        "sampler", samplers.RejectionSampler, {"percentile": None, "latent_dim": 1, "burn_in": 9},
        lambda z: z, lambda x: x[:, 0], keep_none=True,
    )  # fmt: skip
    assert made.settings()["exact"] is True
    # Where None is no value of the argument, it is said, and not by a traceback of the class.
    with pytest.raises(ValueError, match="`x.burn_in` must be of type int.* Received: None"):
        call("x", sampler, {"burn_in": None}, keep_none=True)
    with pytest.raises(ValueError, match="`x` must have keys among.* Received: bun"):
        call("x", sampler, {"bun": None}, keep_none=True)


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
