"""The published layer table of the PyTorch port, restated in NumPy and float64.

Channels come first, paddings are numbers as PyTorch takes them, convolutions are products
of patches, weights are drawn as they are met. Nothing of the library is used.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

LAYERS = {  # name: (outputs, kernel, stride, padding)
    "Conv2d_1a_3x3": (32, (3, 3), 2, (0, 0)),
    "Conv2d_2a_3x3": (32, (3, 3), 1, (0, 0)),
    "Conv2d_2b_3x3": (64, (3, 3), 1, (1, 1)),
    "Conv2d_3b_1x1": (80, (1, 1), 1, (0, 0)),
    "Conv2d_4a_3x3": (192, (3, 3), 1, (0, 0)),
}
ONE, ROW, COLUMN = ((1, 1), 1, (0, 0)), ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
THREE, FIVE, DOWN = ((3, 3), 1, (1, 1)), ((5, 5), 1, (2, 2)), ((3, 3), 2, (0, 0))
FLAT, TALL = ((1, 3), 1, (0, 1)), ((3, 1), 1, (1, 0))


def block_a(pool):
    return {
        "branch1x1": [("branch1x1", 64, ONE)],
        "branch5x5": [("branch5x5_1", 48, ONE), ("branch5x5_2", 64, FIVE)],
        "branch3x3dbl": [
            ("branch3x3dbl_1", 64, ONE),
            ("branch3x3dbl_2", 96, THREE),
            ("branch3x3dbl_3", 96, THREE),
        ],
        "mean": [("branch_pool", pool, ONE)],
    }


BLOCK_B = {
    "branch3x3": [("branch3x3", 384, DOWN)],
    "branch3x3dbl": [
        ("branch3x3dbl_1", 64, ONE),
        ("branch3x3dbl_2", 96, THREE),
        ("branch3x3dbl_3", 96, DOWN),
    ],
    "down": [],
}


def block_c(c):
    return {
        "branch1x1": [("branch1x1", 192, ONE)],
        "branch7x7": [
            ("branch7x7_1", c, ONE),
            ("branch7x7_2", c, ROW),
            ("branch7x7_3", 192, COLUMN),
        ],
        "branch7x7dbl": [
            ("branch7x7dbl_1", c, ONE),
            ("branch7x7dbl_2", c, COLUMN),
            ("branch7x7dbl_3", c, ROW),
            ("branch7x7dbl_4", c, COLUMN),
            ("branch7x7dbl_5", 192, ROW),
        ],
        "mean": [("branch_pool", 192, ONE)],
    }


BLOCK_D = {
    "branch3x3": [("branch3x3_1", 192, ONE), ("branch3x3_2", 320, DOWN)],
    "branch7x7x3": [
        ("branch7x7x3_1", 192, ONE),
        ("branch7x7x3_2", 192, ROW),
        ("branch7x7x3_3", 192, COLUMN),
        ("branch7x7x3_4", 192, DOWN),
    ],
    "down": [],
}


def block_e(pool):
    fork = [("branch3x3_2a", 384, FLAT), ("branch3x3_2b", 384, TALL)]
    double_fork = [("branch3x3dbl_3a", 384, FLAT), ("branch3x3dbl_3b", 384, TALL)]
    return {
        "branch1x1": [("branch1x1", 320, ONE)],
        "branch3x3": [("branch3x3_1", 384, ONE), fork],
        "branch3x3dbl": [
            ("branch3x3dbl_1", 448, ONE),
            ("branch3x3dbl_2", 384, THREE),
            double_fork,
        ],
        pool: [("branch_pool", 192, ONE)],
    }


BLOCKS = {
    "Mixed_5b": block_a(32),
    "Mixed_5c": block_a(64),
    "Mixed_5d": block_a(64),
    "Mixed_6a": BLOCK_B,
    "Mixed_6b": block_c(128),
    "Mixed_6c": block_c(160),
    "Mixed_6d": block_c(160),
    "Mixed_6e": block_c(192),
    "Mixed_7a": BLOCK_D,
    "Mixed_7b": block_e("mean"),
    "Mixed_7c": block_e("max"),  # the quirk of this network
}


def pool(x, kind):
    """3 x 3 pools: `mean` and `max` at stride 1 with padding 1, `down` at stride 2."""
    if kind == "down":
        return sliding_window_view(x, (3, 3), (2, 3))[:, :, ::2, ::2].max(axis=(-2, -1))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    windows = sliding_window_view(padded, (3, 3), (2, 3))
    return (np.nanmean if kind == "mean" else np.nanmax)(windows, axis=(-2, -1))


class Port:
    """The network: `state` holds its weights, `outputs` what each block gave."""

    def __init__(self, images, seed=0):
        self.rng = np.random.default_rng(seed)
        self.state, self.outputs = {}, {}
        x = images.transpose(0, 3, 1, 2).astype(np.float64)
        for name, layer in LAYERS.items():
            x = self.outputs[name] = self.conv(x, name, *layer)
            if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
                x = pool(x, "down")
        for name, block in BLOCKS.items():
            x = self.outputs[name] = self.block(x, name, block)
        x = self.outputs["features"] = x.mean(axis=(2, 3))
        self.state["fc.weight"] = self.draw((1008, 2048), 1 / 2048)
        self.state["fc.bias"] = self.draw((1008,), 1.0)
        self.outputs["fc"] = x @ self.state["fc.weight"].T.astype(float) + self.state["fc.bias"]

    def draw(self, shape, variance):
        return self.rng.standard_normal(shape, "float32") * np.float32(np.sqrt(variance))

    def block(self, x, name, block):
        joined = []
        for kind, steps in block.items():
            branch = pool(x, kind) if kind in ("mean", "max", "down") else x
            for step in steps:
                fork = [step] if isinstance(step, tuple) else step
                branches = [
                    self.conv(branch, f"{name}.{part}", outputs, *geometry)
                    for part, outputs, geometry in fork
                ]
                branch = np.concatenate(branches, axis=1)
            joined.append(branch)
        return np.concatenate(joined, axis=1)

    def conv(self, x, name, outputs, kernel, stride, padding):
        height, width = padding
        x = np.pad(x, ((0, 0), (0, 0), (height, height), (width, width)))
        weight = self.draw((outputs, x.shape[1], *kernel), 2 / (x.shape[1] * np.prod(kernel)))
        gamma = self.rng.uniform(0.8, 1.2, outputs).astype("float32")
        beta, mean = self.draw((outputs,), 0.01), self.draw((outputs,), 0.01)
        variance = self.rng.uniform(0.5, 1.5, outputs).astype("float32")
        self.state[f"{name}.conv.weight"] = weight
        self.state[f"{name}.bn.weight"] = gamma
        self.state[f"{name}.bn.bias"] = beta
        self.state[f"{name}.bn.running_mean"] = mean
        self.state[f"{name}.bn.running_var"] = variance
        self.state[f"{name}.bn.num_batches_tracked"] = np.array(0)
        patches = sliding_window_view(x, kernel, (2, 3))[:, :, ::stride, ::stride]
        y = np.tensordot(patches, weight.astype(float), axes=((1, 4, 5), (1, 2, 3)))
        y = (y - mean) / np.sqrt(variance + 1e-3) * gamma + beta
        return np.maximum(y, 0.0).transpose(0, 3, 1, 2)
