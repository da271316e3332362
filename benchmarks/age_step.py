"""A round of AGE on the authors' Stacked MNIST networks, and the same round in PyTorch.

    python -m benchmarks.age_step

Tables 8 to 10, batch 64, one update of the discriminator and one of encoder and generator, each on
fresh pairs, Adam for all three: in a graph, under XLA, and in PyTorch eager as the authors wrote it
(needs the extra `bench`). Then what each divergence and the clipping of ratios cost.
"""

import statistics

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import define_modes, interleaved, ratio, set_threads
from keras_ot_gans import models, networks, optimizers
from keras_ot_gans.divergences import bidirectional, f_divergence

BATCH, LATENT_DIM, CHANNELS, NOISE_SIDES = 64, 8, 3, (4, 7, 14)
_MODES = define_modes("graph", "xla", "torch")
_ROUNDS = flags.DEFINE_integer("rounds", 9, "Turns of the interleaved timing.", lower_bound=3)
_WIDTH = flags.DEFINE_integer("width", 64, "Width of all networks.", lower_bound=4)
_DENSE = flags.DEFINE_integer("dense_width", 1024, "Of the discriminator.", lower_bound=4)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of both frameworks.", lower_bound=1)

PLAIN = "AGE-ALL"


def _objectives() -> dict[str, bidirectional.BidirectionalObjective]:
    """Return what to time; checking an f-divergence starts TensorFlow, so not on import."""
    return {
        PLAIN: bidirectional.age(f_divergence.all_divergences),
        "KL": bidirectional.age(f_divergence.kl),
        "KL, clipped": bidirectional.age(f_divergence.kl, 0.5),
        "JS": bidirectional.age(f_divergence.jensen_shannon),
        "Hellinger": bidirectional.age(f_divergence.squared_hellinger),
        "reverse KL": bidirectional.age(f_divergence.reverse_kl),
        "f-GAN, KL": bidirectional.f_gan(f_divergence.kl),
        "hinge": bidirectional.hinge,
    }


def _keras_round(objective: bidirectional.BidirectionalObjective, xla: bool, x_real: tf.Tensor):
    """Return a function that plays a round and waits for it."""
    width = _WIDTH.value
    generator = networks.age_stacked_mnist_generator(LATENT_DIM, CHANNELS, width=width)
    encoder = networks.age_stacked_mnist_encoder(LATENT_DIM, CHANNELS, width=width)
    model = models.AGE(
        networks.implicit_generator(generator),
        networks.gaussian_encoder(encoder),
        networks.age_stacked_mnist_discriminator(
            LATENT_DIM, CHANNELS, width=width, dense_width=_DENSE.value
        ),
        objective=objective,
        seed=0,
    )
    rate, betas = 1e-4, {"beta_1": 0.0, "beta_2": 0.999}
    model.compile({role: optimizers.FusedAdam(rate, **betas) for role in model.networks})
    step = tf.function(model.train_step, jit_compile=xla)
    return lambda: np.asarray(step(x_real)["discriminator_loss"])


def _torch_round(x_real: np.ndarray):
    """Return the same round of AGE-ALL written in PyTorch."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    torch.set_num_threads(_THREADS.value)
    width, x = _WIDTH.value, torch.tensor(np.transpose(x_real, (0, 3, 1, 2)).copy())

    class Generator(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = (4 * width, 2 * width, width)
            self.dense = nn.Linear(LATENT_DIM, sizes[0] * 16, bias=False)
            self.ups = nn.ModuleList(
                nn.ConvTranspose2d(a, b, 5, 2, 2, output_padding=extra, bias=False)
                for a, b, extra in ((sizes[0], sizes[1], 0), (sizes[1], sizes[2], 1))
            )
            self.image = nn.ConvTranspose2d(width, CHANNELS, 5, 2, 2, output_padding=1)
            self.norms = nn.ModuleList(nn.BatchNorm2d(size) for size in sizes)
            self.scales = nn.ParameterList(
                nn.Parameter(torch.zeros(1, size, side, side))
                for size, side in zip(sizes, NOISE_SIDES, strict=True)
            )

        def forward(self, z):
            h = self.dense(z).view(-1, 4 * width, 4, 4)
            for k, side in enumerate(NOISE_SIDES):
                h = h + self.scales[k] * torch.randn(len(z), 1, side, side)
                h = torch.relu(self.norms[k](h))
                h = (*self.ups, self.image)[k](h)
            return torch.tanh(h)

    def convolutions(norm):
        parts, before = [], CHANNELS
        for k in range(3):
            after = width * 2**k
            parts.append(nn.Conv2d(before, after, 5, 2, 2, bias=not norm))
            parts += [nn.BatchNorm2d(after), nn.ReLU()] if norm else [nn.LeakyReLU(0.01)]
            before = after
        return nn.Sequential(*parts, nn.Flatten())

    class Discriminator(nn.Module):
        def __init__(self):
            super().__init__()
            self.of_x, dense = convolutions(norm=False), _DENSE.value
            features = 4 * width * 16 + LATENT_DIM
            self.of_both = nn.Sequential(
                nn.Linear(features, dense), nn.LeakyReLU(0.01), nn.Linear(dense, 1)
            )

        def forward(self, x, z):
            return self.of_both(torch.cat([self.of_x(x), z], 1))

    generator, discriminator = Generator(), Discriminator()
    encoder = nn.Sequential(convolutions(norm=True), nn.Linear(4 * width * 16, 2 * LATENT_DIM))

    def adam(*modules):
        parameters = [p for module in modules for p in module.parameters()]
        return torch.optim.Adam(parameters, 1e-4, (0.0, 0.999), fused=True)

    adams = [adam(discriminator), adam(generator, encoder)]

    def scores():
        z = torch.randn(BATCH, LATENT_DIM)
        mean, log_variance = encoder(x).chunk(2, 1)
        code = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        both = torch.cat([x, generator(z)]), torch.cat([code, z])
        return both

    def step():
        with torch.no_grad():
            pairs = scores()
        real, fake = discriminator(*pairs).chunk(2)
        softplus = nn.functional.softplus
        loss = softplus(-real).mean() + softplus(fake).mean()
        adams[0].zero_grad()
        loss.backward()
        adams[0].step()
        discriminator.requires_grad_(False)  # as kind to PyTorch as can be
        real, fake = discriminator(*scores()).chunk(2)
        adams[1].zero_grad()
        (real.mean() - fake.mean()).backward()
        adams[1].step()
        discriminator.requires_grad_(True)
        return loss.item()

    return step


def main(argv: list[str]) -> None:
    """Time all in turns, and print Markdown tables."""
    del argv
    set_threads(_THREADS.value)
    keras.utils.set_random_seed(0)
    shape = (BATCH, 28, 28, CHANNELS)
    x_real = np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
    candidates, objectives = {}, _objectives()
    for mode in _MODES.value:
        if mode == "torch":
            candidates["torch"] = _torch_round(x_real)
        else:
            xla = mode == "xla"
            candidates[mode] = _keras_round(objectives[PLAIN], xla, tf.constant(x_real))
    seconds = interleaved(candidates, _ROUNDS.value)
    print("| mode | median ms | PyTorch's time over ours |\n|---|---|---|")
    for mode, found in seconds.items():
        over = f"{ratio(seconds, 'torch', mode):.2f}" if "torch" in seconds else ""
        print(f"| {mode} | {1e3 * statistics.median(found):.0f} | {over} |")
    costs = {
        name: _keras_round(objective, False, tf.constant(x_real))
        for name, objective in objectives.items()
    }
    seconds = interleaved(costs, _ROUNDS.value)
    print(f"\n| objective, graph | median ms | to {PLAIN} |\n|---|---|---|")
    for name, found in seconds.items():
        middle = 1e3 * statistics.median(found)
        print(f"| {name} | {middle:.0f} | {ratio(seconds, name, PLAIN):.2f} |")


if __name__ == "__main__":
    app.run(main)
