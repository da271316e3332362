"""Our FID Inception against a plain PyTorch one of the same layer table, on random weights.

    python -m benchmarks.inception_port

PyTorch draws the weights and saves them in both of its formats; `read_torch_state_dict` reads both
files without PyTorch and must find the numbers; `inception_from_torch` loads one. Then both
networks see the same images, and the table shows the largest difference in each block beside the
largest value. Needs the extra `bench`.
"""

import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import torch
from absl import app, flags
from torch import nn
from torch.nn import functional

from keras_ot_gans.metrics.feature_networks import inception_from_torch
from keras_ot_gans.metrics.feature_networks.inception_torch_weights import load_torch_weights
from keras_ot_gans.metrics.feature_networks.torch_weights import read_torch_state_dict
from keras_ot_gans.networks.fid_inception import fid_inception

_BATCH = flags.DEFINE_integer("batch", 8, "Images of a batch.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Batches to time.", lower_bound=1)


class _Unit(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return functional.relu(self.bn(self.conv(x)))


def _mean_pool(x):
    return functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def _same_max_pool(x):
    return functional.max_pool2d(x, 3, 1, 1)


def _half_max_pool(x):
    return functional.max_pool2d(x, 3, 2)


class _Block(nn.Module):
    """Branches side by side: `units` by name, `wiring` lists names, forks being tuples."""

    def __init__(self, units, wiring, pool):
        super().__init__()
        for name, unit in units.items():
            self.add_module(name, unit)
        self.wiring, self.pool = wiring, pool

    def forward(self, x):
        joined = []
        for chain in self.wiring:
            y = self.pool(x) if not chain or chain == ["branch_pool"] else x
            for names in chain:
                names = names if isinstance(names, tuple) else (names,)
                y = torch.cat([getattr(self, name)(y) for name in names], 1)
            joined.append(y)
        return torch.cat(joined, 1)


def _block_a(i, pool):
    units = {
        "branch1x1": _Unit(i, 64),
        "branch5x5_1": _Unit(i, 48),
        "branch5x5_2": _Unit(48, 64, 5, 1, 2),
        "branch3x3dbl_1": _Unit(i, 64),
        "branch3x3dbl_2": _Unit(64, 96, 3, 1, 1),
        "branch3x3dbl_3": _Unit(96, 96, 3, 1, 1),
        "branch_pool": _Unit(i, pool),
    }
    names = list(units)
    return _Block(units, [names[:1], names[1:3], names[3:6], names[6:]], _mean_pool)


def _block_b(i):
    units = {
        "branch3x3": _Unit(i, 384, 3, 2),
        "branch3x3dbl_1": _Unit(i, 64),
        "branch3x3dbl_2": _Unit(64, 96, 3, 1, 1),
        "branch3x3dbl_3": _Unit(96, 96, 3, 2),
    }
    names = list(units)
    return _Block(units, [names[:1], names[1:], []], _half_max_pool)


def _block_c(c):
    row, column = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
    units = {
        "branch1x1": _Unit(768, 192),
        "branch7x7_1": _Unit(768, c),
        "branch7x7_2": _Unit(c, c, *row),
        "branch7x7_3": _Unit(c, 192, *column),
        "branch7x7dbl_1": _Unit(768, c),
        "branch7x7dbl_2": _Unit(c, c, *column),
        "branch7x7dbl_3": _Unit(c, c, *row),
        "branch7x7dbl_4": _Unit(c, c, *column),
        "branch7x7dbl_5": _Unit(c, 192, *row),
        "branch_pool": _Unit(768, 192),
    }
    names = list(units)
    return _Block(units, [names[:1], names[1:4], names[4:9], names[9:]], _mean_pool)


def _block_d(i):
    units = {
        "branch3x3_1": _Unit(i, 192),
        "branch3x3_2": _Unit(192, 320, 3, 2),
        "branch7x7x3_1": _Unit(i, 192),
        "branch7x7x3_2": _Unit(192, 192, (1, 7), 1, (0, 3)),
        "branch7x7x3_3": _Unit(192, 192, (7, 1), 1, (3, 0)),
        "branch7x7x3_4": _Unit(192, 192, 3, 2),
    }
    names = list(units)
    return _Block(units, [names[:2], names[2:], []], _half_max_pool)


def _block_e(i, pool):
    row, column = ((1, 3), 1, (0, 1)), ((3, 1), 1, (1, 0))
    units = {
        "branch1x1": _Unit(i, 320),
        "branch3x3_1": _Unit(i, 384),
        "branch3x3_2a": _Unit(384, 384, *row),
        "branch3x3_2b": _Unit(384, 384, *column),
        "branch3x3dbl_1": _Unit(i, 448),
        "branch3x3dbl_2": _Unit(448, 384, 3, 1, 1),
        "branch3x3dbl_3a": _Unit(384, 384, *row),
        "branch3x3dbl_3b": _Unit(384, 384, *column),
        "branch_pool": _Unit(i, 192),
    }
    fork, double_fork = (
        ("branch3x3_2a", "branch3x3_2b"),
        ("branch3x3dbl_3a", "branch3x3dbl_3b"),
    )
    double = ["branch3x3dbl_1", "branch3x3dbl_2", double_fork]
    wiring = [["branch1x1"], ["branch3x3_1", fork], double, ["branch_pool"]]
    return _Block(units, wiring, pool)


class _Port(nn.Module):
    """The whole network; `outputs` are those of every block."""

    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3 = _Unit(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = _Unit(32, 32, 3)
        self.Conv2d_2b_3x3 = _Unit(32, 64, 3, 1, 1)
        self.Conv2d_3b_1x1 = _Unit(64, 80)
        self.Conv2d_4a_3x3 = _Unit(80, 192, 3)
        self.Mixed_5b = _block_a(192, 32)
        self.Mixed_5c = _block_a(256, 64)
        self.Mixed_5d = _block_a(288, 64)
        self.Mixed_6a = _block_b(288)
        self.Mixed_6b = _block_c(128)
        self.Mixed_6c = _block_c(160)
        self.Mixed_6d = _block_c(160)
        self.Mixed_6e = _block_c(192)
        self.Mixed_7a = _block_d(768)
        self.Mixed_7b = _block_e(1280, _mean_pool)
        self.Mixed_7c = _block_e(2048, _same_max_pool)
        self.fc = nn.Linear(2048, 1008)

    def forward(self, x):
        outputs = {}
        for name, module in self.named_children():
            if name == "fc":
                x = outputs["features"] = x.mean((2, 3))
            x = outputs[name] = module(x)
            if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
                x = _half_max_pool(x)
        return outputs


def _random_port() -> _Port:
    """Return the network with weights that keep the scale of its activations."""
    torch.manual_seed(0)
    port = _Port().eval()
    for module in port.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return port


def _seconds(function) -> float:
    """Seconds of the quickest call."""
    times = []
    for _ in range(_ROUNDS.value):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main(argv: list[str]) -> None:
    """Compare, time, and print two Markdown tables."""
    del argv
    port, model = _random_port(), fid_inception()
    images = np.random.default_rng(0).integers(0, 256, (_BATCH.value, 32, 32, 3), dtype="uint8")
    state = {name: value.numpy() for name, value in port.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        for kind in (False, True):
            path = Path(folder, "port.pth")
            torch.save(port.state_dict(), path, _use_new_zipfile_serialization=kind)
            read = read_torch_state_dict(path)
            same = read.keys() == state.keys()
            same = same and all(np.array_equal(read[name], state[name]) for name in state)
            print(f"torch.save, {'zip' if kind else 'legacy'} format, read exactly: {same}")
        network = inception_from_torch(path)
    load_torch_weights(model, read)

    def ported(images):
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
        x = functional.interpolate(x, (299, 299), mode="bilinear", align_corners=False)
        with torch.no_grad():
            return x, port(2 * x - 1)

    x, expected = ported(images)
    blocks = keras.Model(model.input, [model.get_layer(name).output for name in expected])
    found = blocks.predict_on_batch(2 * x.permute(0, 2, 3, 1).numpy() - 1)
    print("\n| block | shape | largest value | largest difference |\n|---|---|---|---|")
    for (name, value), ours in zip(expected.items(), found, strict=True):
        value = value.permute(0, 2, 3, 1).numpy() if value.ndim == 4 else value.numpy()
        gap = np.abs(value - ours).max()
        print(f"| {name} | {ours.shape[1:]} | {np.abs(value).max():.3g} | {gap:.2g} |")
    end_to_end = network(images)
    for name, ours in (("features", end_to_end.features), ("fc", end_to_end.logits)):
        gap = np.abs(expected[name].numpy() - ours).max()
        print(f"| {name}, from uint8 at 32 x 32 | {ours.shape[1:]} | | {gap:.2g} |")
    print("\n| network | images/s |\n|---|---|")
    for name, function in (("PyTorch", ported), ("ours", network)):
        seconds = _seconds(lambda function=function: function(images))
        print(f"| {name} | {_BATCH.value / seconds:.1f} |")


if __name__ == "__main__":
    app.run(main)
