"""What each penalty adds to a critic step, and the same step in PyTorch.

    python -m benchmarks.critic_step

SNDCGAN networks (32x32x3, narrow), N = 64: one critic update with fresh fakes, by Adam, in a graph,
under XLA, and in PyTorch eager (which is how people run it; needs the extra `bench`). Penalties:
none, R1 at real samples, WGAN-GP and MaxGP with half of the blends from the buffer. The buffer of
the PyTorch step is a top-k of the same size.
"""

import statistics

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import define_modes, interleaved, ratio, set_threads
from keras_ot_gans import losses, models, networks, optimizers

BATCH, LATENT_DIM, SHAPE = 64, 128, (32, 32, 3)
PENALTIES = {
    "none": None,
    "R1": losses.penalties.r1(),
    "WGAN-GP": losses.penalties.gradient_penalty(),
    "MaxGP": losses.penalties.max_gradient_penalty(),
}

_MODES = define_modes("graph", "xla", "torch")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Turns of the interleaved timing.", lower_bound=3)
_WIDTH = flags.DEFINE_integer("width", 32, "Width of both networks.", lower_bound=4)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of both frameworks.", lower_bound=1)


def _keras_step(penalty: losses.Penalty | None, xla: bool, x_real: tf.Tensor):
    """Return a function that takes one critic step and waits for it."""
    width = _WIDTH.value
    model = models.LipschitzGAN(
        networks.sndcgan_generator(LATENT_DIM, SHAPE, width=width),
        networks.sndcgan_critic(SHAPE, width=width, spectral_norm=False),
        penalty=penalty,
        batch_size=BATCH,
        seed=0,
    )
    model.compile({r: optimizers.FusedAdam(2e-4, beta_1=0.5) for r in model.networks})

    @tf.function(jit_compile=xla)
    def step(x):
        model.critic_update(x, None)
        return model.logs()

    return lambda: np.asarray(step(x_real)["critic_loss"])


def _torch_steps(x_real: np.ndarray) -> dict:
    """Return the same steps written in PyTorch, by penalty."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(_THREADS.value)
    width, device_x = _WIDTH.value, torch.tensor(np.transpose(x_real, (0, 3, 1, 2)).copy())

    def generator():
        parts = [nn.Linear(LATENT_DIM, 8 * width * 16), nn.Unflatten(1, (8 * width, 4, 4))]
        channels = 8 * width
        for _ in range(3):
            up = nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)
            parts += [up, nn.BatchNorm2d(channels // 2), nn.ReLU()]
            channels //= 2
        return nn.Sequential(*parts, nn.Conv2d(channels, 3, 3, 1, 1), nn.Tanh())

    def critic():
        parts, before = [], 3
        for k in range(6):
            after = width * 2 ** (k // 2)
            kernel, stride = (4, 2) if k % 2 else (3, 1)
            parts += [nn.Conv2d(before, after, kernel, stride, 1), nn.LeakyReLU(0.1)]
            before = after
        last = nn.Conv2d(before, 8 * width, 3, 1, 1)
        return nn.Sequential(
            *parts, last, nn.LeakyReLU(0.1), nn.Flatten(), nn.Linear(8 * width * 16, 1)
        )

    def make(name):
        g, f = generator(), critic()
        adam = torch.optim.Adam(f.parameters(), 2e-4, (0.5, 0.999), fused=True)
        kept = []

        def slopes(x):
            x = x.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
            return x, gradient.flatten(1).square().sum(1)

        def step():
            with torch.no_grad():
                fake = g(torch.randn(BATCH, LATENT_DIM))
            values = f(torch.cat([device_x, fake]))
            softplus = nn.functional.softplus
            loss = softplus(-values[:BATCH]).mean() + softplus(values[BATCH:]).mean()
            if name == "R1":
                loss = loss + 5.0 * slopes(device_x)[1].mean()
            elif name != "none":
                u = torch.rand(BATCH, 1, 1, 1)
                x = u * device_x + (1 - u) * fake
                if name == "MaxGP" and kept:
                    x = torch.cat([kept[0], x[: BATCH // 2]])
                x, squared = slopes(x)
                if name == "MaxGP":
                    loss = loss + 0.1 * squared.max()
                    kept[:] = [x.detach()[squared.topk(BATCH // 2).indices]]
                else:
                    loss = loss + 10.0 * (squared.sqrt() - 1).square().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            return loss.item()

        return step

    return {f"torch, {name}": make(name) for name in PENALTIES}


def main(argv: list[str]) -> None:
    """Time all in turns, and print a Markdown table."""
    del argv
    set_threads(_THREADS.value)
    keras.utils.set_random_seed(0)
    x_real = np.random.default_rng(0).uniform(-1, 1, (BATCH, *SHAPE)).astype("float32")
    candidates = {}
    for mode in _MODES.value:
        if mode == "torch":
            candidates |= _torch_steps(x_real)
            continue
        for name, penalty in PENALTIES.items():
            step = _keras_step(penalty, mode == "xla", tf.constant(x_real))
            candidates[f"{mode}, {name}"] = step
    seconds = interleaved(candidates, _ROUNDS.value)
    print("| mode | penalty | median ms | to the plain step | PyTorch's time over ours |")
    print("|---|---|---|---|---|")
    for mode in _MODES.value:
        for name in PENALTIES:
            key, peer = f"{mode}, {name}", f"torch, {name}"
            middle = 1e3 * statistics.median(seconds[key])
            plain = ratio(seconds, key, f"{mode}, none")
            over = f"{ratio(seconds, peer, key):.2f}" if peer in seconds else ""
            print(f"| {mode} | {name} | {middle:.0f} | {plain:.2f} | {over} |")


if __name__ == "__main__":
    app.run(main)
