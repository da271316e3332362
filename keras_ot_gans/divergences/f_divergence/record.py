"""What an f-divergence is: a record of formulas.

`D_f(p_e, p_g) = E_{p_g} f(r)`, where `r = p_e / p_g`, real over fake.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from keras_ot_gans.ops.numerics import Tensor
from keras_ot_gans.ops.shapes import check_one_of

Function = Callable[[Tensor], Tensor]

KNOWN: dict[str, "FDivergence"] = {}
"""The values of this folder by their names, by which they are saved."""

ALL_DIVERGENCES = "all_divergences"
_REQUIRED = ("f", "f_prime", "f_second")
_FUNCTIONS = (*_REQUIRED, "conjugate", "activation", "log_f_second", "activated_conjugate")


@keras.saving.register_keras_serializable(package="keras_ot_gans>f_divergence")
@dataclass(frozen=True, repr=False)
class FDivergence:
    """A convex `f` with its derivatives, as element-wise functions of `keras.ops`.

    A value of this folder is saved by its name; one of your own with its functions, each of which
    `keras.saving.register_keras_serializable` must know. `check_f_divergence` examines it.

    Attributes:
        name: str.
        f: function of `r > 0` with `f(1) = 0`, twice differentiable and strongly convex.
        f_prime: function of `r`, `f'`.
        f_second: function of `r`, `f'' > 0`.
        conjugate: function of `t`, `f*(t) = sup_r r t - f(r)`. f-GAN only.
        activation: increasing function `a_f` of a raw score into the domain of `f*`. f-GAN only.
        log_f_second: function of `log r`, `log f''`, which neither overflows nor underflows. None:
            the logarithm of `f_second(exp(log r))`, in float64.
        activated_conjugate: function of a raw score, `f*(a_f(v))` in one formula that does not
            overflow. None: `conjugate(activation(v))`.

    Raises:
        TypeError: if one of them is not a function, or one of the first three is missing.

    Example:
        >>> pearson = FDivergence(
        ...     "pearson",
        ...     f=lambda r: (r - 1.0) ** 2,
        ...     f_prime=lambda r: 2.0 * (r - 1.0),
        ...     f_second=lambda r: 0.0 * r + 2.0,
        ... )
        >>> pearson.f(3.0)
        4.0

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, eq. 2 and Table 1; `activation` and `conjugate`: Nowozin, Cseke and
        Tomioka, "f-GAN", NeurIPS 2016, Table 2.
    """

    name: str
    f: Function | None = None
    f_prime: Function | None = None
    f_second: Function | None = None
    conjugate: Function | None = None
    activation: Function | None = None
    log_f_second: Function | None = None
    activated_conjugate: Function | None = None

    def __post_init__(self):
        """Check that the functions are there."""
        if self.name == ALL_DIVERGENCES and all(getattr(self, name) is None for name in _FUNCTIONS):
            return
        for name in _FUNCTIONS:
            value = getattr(self, name)
            if not callable(value) and (value is not None or name in _REQUIRED):
                raise TypeError(
                    f"`{name}` must be a function of one tensor. Received: {name}={value!r}, in "
                    f"the f-divergence {self.name!r}. Copy `divergences.f_divergence.kl`, whose "
                    f"`f`, `f_prime` and `f_second` are r log r, 1 + log r and 1 / r."
                )

    def __repr__(self) -> str:
        return f"FDivergence({self.name!r})"

    def get_config(self) -> dict:
        """Return the name of a known value, or the constructor's arguments."""
        if KNOWN.get(self.name) == self:
            return {"name": self.name}
        functions = {name: getattr(self, name) for name in _FUNCTIONS}
        serialize = keras.saving.serialize_keras_object
        return {"name": self.name, **{name: serialize(f) for name, f in functions.items()}}

    @classmethod
    def from_config(cls, config: dict) -> "FDivergence":
        """Build from `get_config`."""
        if set(config) == {"name"}:
            return by_name(config["name"])
        functions = {key: value for key, value in config.items() if key != "name"}
        deserialize = keras.saving.deserialize_keras_object
        found = {key: deserialize(f) for key, f in functions.items() if f is not None}
        return cls(config["name"], **found)


def by_name(name: str) -> FDivergence:
    """Look a value of this folder up, for configs and flags.

    Args:
        name: str, one of the five.

    Returns:
        `FDivergence`.

    Raises:
        ValueError: if there is none of this name; the message lists them.

    Example:
        >>> by_name("kl")
        FDivergence('kl')
    """
    check_one_of("f_divergence", name, tuple(KNOWN))
    return KNOWN[name]


def check_is_f_divergence(f_divergence: FDivergence) -> None:
    """Refuse what is no `FDivergence`.

    Args:
        f_divergence: the received value.

    Raises:
        TypeError: if it is something else, such as a name.
    """
    if not isinstance(f_divergence, FDivergence):
        raise TypeError(
            "`f_divergence` must be a `divergences.FDivergence`. Received: "
            f"{f_divergence!r}. Try `divergences.f_divergence.kl`."
        )
