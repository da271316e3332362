"""Samples per second of latent DOT, against an eager loop and the same loop in PyTorch.

    python -m benchmarks.dot

The DCGAN pair of the paper's code (32x32x3, latents of 128), N = 100, 20 updates of gradient
descent, the projection, and the last pass that makes the samples. All loops have the same layers,
which is checked. The eager loop is TensorFlow's, update by
update. PyTorch (the extra `bench`) asks for the gradient of latents alone, with frozen weights, and
runs in eager mode, which is how people run it; `channels_last` is its other memory format. In
`bfloat16` both compute their networks in half precision (PyTorch by `autocast`, `channels_last`),
latents stay float32. A second table has the time by updates and by samples: both lines should be
straight.
"""

import functools
import math
import statistics
import time

import keras
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import define_modes, interleaved, ratio, set_threads
from keras_ot_gans import networks, samplers

# Multiple of the width, kernel, stride: the critic of the paper's code, wider at every stride.
CRITIC = ((1, 3, 1), (2, 4, 2), (2, 3, 1), (4, 4, 2), (4, 3, 1), (8, 4, 2), (8, 3, 1))
SLOPE = 0.2
LATENT_DIM, SHAPE, DELTA, RATE, K_EFF = 128, (32, 32, 3), 1e-3, 0.01, 1.0

_MODES = define_modes(
    "ours", "eager", "torch", "torch channels_last", "ours bfloat16", "torch bfloat16"
)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Turns of the interleaved timing.", lower_bound=3)
_BATCH = flags.DEFINE_integer("batch", 100, "Samples at a time.", lower_bound=1)
_UPDATES = flags.DEFINE_integer("updates", 20, "Updates of each sample.", lower_bound=1)
_WIDTH = flags.DEFINE_integer("width", 64, "Width of both networks.", lower_bound=4)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of both frameworks.", lower_bound=1)
_LINES = flags.DEFINE_bool("lines", True, "Also the time by updates and by samples.")


def _pair(width: int) -> tuple[keras.Model, keras.Model]:
    stack = [keras.layers.Input(SHAPE)]
    for multiple, kernel, stride in CRITIC:
        stack.append(keras.layers.Conv2D(multiple * width, kernel, stride, padding="same"))
        stack.append(keras.layers.LeakyReLU(SLOPE))
    critic = keras.Sequential([*stack, keras.layers.Flatten(), keras.layers.Dense(1)])
    return networks.dcgan_generator(LATENT_DIM, SHAPE, width=width), critic


def _sampler(pair, updates: int) -> samplers.DOTSampler:
    sgd = keras.optimizers.SGD(RATE)
    kind = {"k_eff": K_EFF, "delta": DELTA, "batch_size": _BATCH.value}
    return samplers.DOTSampler(*pair, updates=updates, optimizer=sgd, **kind)


def _eager(pair):
    """Return the same transport, update by update."""
    generator, critic = pair

    def run():
        start = z = tf.random.normal((_BATCH.value, LATENT_DIM))
        for _ in range(_UPDATES.value):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(z)
                values = critic(generator(z, training=False), training=False)[:, 0]
                height = tf.norm(z - start + DELTA, axis=1) - values / K_EFF
            g = tape.gradient(height, z)
            along = tf.reduce_sum(g * z, 1, keepdims=True) / tf.reduce_sum(z * z, 1, keepdims=True)
            z -= RATE * (g - along * z)
        generator(z, training=False).numpy()

    return run


def _half(width: int) -> tuple[keras.Model, keras.Model]:
    """Return the networks in half precision, with float32 weights."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    pair = _pair(width)
    keras.config.set_dtype_policy("float32")
    return pair


def _torch(pair, channels_last: bool, half: bool = False):
    """Return the same transport in PyTorch."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(_THREADS.value)
    width = _WIDTH.value
    channels = 8 * width
    parts = [nn.Linear(LATENT_DIM, channels * 16), nn.Unflatten(1, (channels, 4, 4))]
    for _ in range(3):
        up = nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)
        parts += [up, nn.BatchNorm2d(channels // 2), nn.ReLU()]
        channels //= 2
    generator = nn.Sequential(*parts, nn.Conv2d(channels, 3, 3, 1, 1), nn.Tanh())
    parts, before = [], 3
    for multiple, kernel, stride in CRITIC:
        parts += [nn.Conv2d(before, multiple * width, kernel, stride, 1), nn.LeakyReLU(SLOPE)]
        before = multiple * width
    critic = nn.Sequential(*parts, nn.Flatten(), nn.Linear(before * 16, 1))
    for ours, theirs in zip(pair, (generator, critic), strict=True):
        numbers = sum(math.prod(v.shape) for v in ours.trainable_variables)
        if numbers != sum(p.numel() for p in theirs.parameters()):
            raise ValueError(f"The networks of both frameworks must be equal: {ours.name} is not.")
    both = nn.Sequential(generator, critic).eval().requires_grad_(False)
    if channels_last:
        both = both.to(memory_format=torch.channels_last)

    @torch.autocast("cpu", dtype=torch.bfloat16, enabled=half)
    def run():
        start = z = torch.randn(_BATCH.value, LATENT_DIM)
        for _ in range(_UPDATES.value):
            z = z.detach().requires_grad_(True)
            height = (z - start + DELTA).norm(dim=1) - both(z)[:, 0].float() / K_EFF
            (g,) = torch.autograd.grad(height.sum(), z)
            with torch.no_grad():
                along = (g * z).sum(1, keepdim=True) / (z * z).sum(1, keepdim=True)
                z = z - RATE * (g - along * z)
        with torch.no_grad():
            generator(z).float().numpy()

    return run


def main(argv: list[str]) -> None:
    """Time all in turns, and print Markdown tables."""
    del argv
    set_threads(_THREADS.value)
    keras.utils.set_random_seed(0)
    batch, updates, width = _BATCH.value, _UPDATES.value, _WIDTH.value
    pair = _pair(width)
    sampler = _sampler(pair, updates)
    known = {
        "ours": lambda: functools.partial(sampler.sample, batch),
        "eager": lambda: _eager(pair),
        "torch": lambda: _torch(pair, False),
        "torch channels_last": lambda: _torch(pair, True),
        "ours bfloat16": lambda: functools.partial(_sampler(_half(width), updates).sample, batch),
        "torch bfloat16": lambda: _torch(pair, True, half=True),
    }
    seconds = interleaved({mode: known[mode]() for mode in _MODES.value}, _ROUNDS.value)
    print("| loop | samples per second | its time over ours |\n|---|---|---|")
    for mode in _MODES.value:
        over = f"{ratio(seconds, mode, 'ours'):.2f}" if "ours" in seconds else ""
        print(f"| {mode} | {batch / statistics.median(seconds[mode]):.1f} | {over} |", flush=True)
    if _LINES.value:
        print(
            "\n| updates | samples | seconds | seconds per sample and update |\n|---|---|---|---|"
        )
        for factor, count in ((1, 1), (2, 1), (4, 1), (1, 2), (1, 4)):
            made = _sampler(pair, factor * updates)
            made.sample(1)  # compiles
            start = time.perf_counter()
            made.sample(count * batch)
            took = time.perf_counter() - start
            each = took / (factor * updates * count * batch)
            print(f"| {factor * updates} | {count * batch} | {took:.2f} | {each:.2e} |", flush=True)


if __name__ == "__main__":
    app.run(main)
