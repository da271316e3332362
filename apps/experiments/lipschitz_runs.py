"""WGAN-GP, SNGAN with the hinge and logistic MaxGP on real images, with their score curves."""

import json

import keras
import numpy as np
from ml_collections import ConfigDict

from apps import experiment as training
from apps.experiments.record import Experiment, Run
from apps.run_folder import RunFolder
from configs import lipschitz_mnist
from keras_ot_gans.callbacks.pictures import figure_to_array, image_grid, new_figure, write_png

METHODS = {"WGAN-GP": "wgan_gp", "SNGAN, hinge": "sngan", "logistic, MaxGP": "max_gp"}
DATA = {"mnist": 28, "cifar10": 32}
SCORES = ("is", "fid", "kid")


def run_config(method: str, data: str, seed: int, run: Run) -> ConfigDict:
    """Return the config of a run; all see as many images.

    Args:
        method: key of `METHODS`.
        data: key of `DATA`.
        seed: int.
        run: `Run`.

    Returns:
        The config, locked.
    """
    config = lipschitz_mnist.get_config(METHODS[method])
    config.data.name, config.data.image_size = data, DATA[data]
    config.train.seed = seed
    per_epoch = config.train.updates_per_epoch
    epochs = run.updates(config.train.generator_updates // per_epoch, 2) // 2 * 2
    config.train.generator_updates = epochs * per_epoch
    return config


def folder_name(method: str, data: str, seed: int) -> str:
    """Return the name of a run's folder; arguments as `run_config`."""
    return f"{data}_{METHODS[method]}_{seed}"


def _curves(records: list[dict]) -> dict[str, list[tuple[int, float]]]:
    """Return the scored epochs as curves over generator updates."""
    scored = [record for record in records if "fid" in record]
    return {name: [(r["step"], r[name]) for r in scored] for name in SCORES}


def _run(run: Run) -> list[dict]:
    rows = []
    for data in DATA:
        figure, grids = new_figure(10, 3.2), []
        panels = dict(zip(SCORES, figure.subplots(1, len(SCORES)), strict=True))
        for colour, method in enumerate(METHODS):
            for seed in run.seeds:
                config = run_config(method, data, seed, run)
                workdir = run.folder / folder_name(method, data, seed)
                training.train_and_evaluate(config, str(workdir), run.data_dir)
                records = RunFolder(workdir).records()
                curves, last = _curves(records), records[-1]
                rows.append(
                    {
                        "data": data,
                        "method": method,
                        "seed": seed,
                        **{name: curves[name][-1][1] for name in SCORES},
                        "images seen": last["step"] * config.train.batch_size,
                        "minutes": sum(record["seconds"] for record in records) / 60,
                        "largest_slope": last.get("largest_slope", np.nan),
                        "K_eff": last["K_eff"],
                        "k_eff": last["k_eff"],
                    }
                )
                run.say(json.dumps(rows[-1]))
                for name, axes in panels.items():
                    label = method if seed == run.seeds[0] else None
                    axes.plot(*zip(*curves[name], strict=True), f"C{colour}", label=label)
            generator = keras.saving.load_model(workdir / "generator.keras", compile=False)
            z = np.random.default_rng(0).standard_normal((64, config.model.latent_dim))
            samples = generator.predict(z.astype("float32"), verbose=0)
            grids.append(image_grid(samples, columns=8, magnify=2))
        for name, axes in panels.items():
            axes.set(title=f"{data}: {name.upper()}, own classifier", xlabel="generator updates")
            axes.legend(fontsize=8)
        run.picture(f"curves_{data}", [[figure_to_array(figure)]])
        write_png(run.folder / f"samples_{data}.png", np.hstack(grids))
    return rows


EXPERIMENT = Experiment(
    name="lipschitz_runs",
    source="Zhou et al., 2018, Table 2 (CIFAR-10) and its baselines",
    claim="FID on CIFAR-10 by the Inception network: hinge 21.58, linear 19.64, logistic 16.36; "
    "not comparable with the scores of this table, which a small classifier gives.",
    budget="3,000 updates of generator and critic, batches of 64, per run",
    settings=("data", "method"),
    run=_run,
)
