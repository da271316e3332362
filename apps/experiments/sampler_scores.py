"""Every sampler on real trained pairs, and critics of one run with the generator of another."""

import functools
import json
import time
from collections.abc import Callable

from ml_collections import ConfigDict

from apps import experiment as training
from apps import judging, sampler_builders, sampling
from apps.experiments.lipschitz_runs import DATA, METHODS, folder_name, run_config
from apps.experiments.record import Experiment, Part, Run
from apps.run_folder import RunFolder
from keras_ot_gans import samplers
from keras_ot_gans.callbacks.pictures import image_grid
from keras_ot_gans.metrics.image_scores import ImageScores

SAMPLES, VALIDATED, BATCH = 5000, 1000, 100
RATES, UPDATES = (0.003, 0.01, 0.03, 0.1), (5, 10, 20)
TUNED = "DOT, tuned"
SAMPLERS = {
    "plain": "plain",
    "truncation": "truncation(threshold=1.0)",
    "top-k": "top_k(fraction=0.5)",
    "rejection": "rejection(burn_in=2000)",
    "Metropolis-Hastings": "metropolis_hastings(length=40)",
    "Langevin": "langevin(updates=40)",
    "DOT": "dot(updates=20, rate=0.01)",  # section 4.1, for CIFAR-10
    TUNED: None,
}


class Trained:
    """Runs of one data set, trained where they are not there, and their judge.

    Args:
        run: `Run`; the runs lie beside its folder, where `lipschitz_runs` leaves them.
        data: key of `lipschitz_runs.DATA`.
    """

    def __init__(self, run: Run, data: str):
        self.run, self.data = run, data

    def config(self, method: str, seed: int) -> ConfigDict:
        """Return the config of a run that is trained by now."""
        config = run_config(method, self.data, seed, self.run)
        training.train_and_evaluate(config, str(self._folder(method, seed)), self.run.data_dir)
        return config

    def players(self, generator: str, critic: str, seed: int) -> sampler_builders.Players:
        """Return the generator of one method and the critic of another, or of the same."""
        config = self.config(generator, seed)
        self.config(critic, seed)
        return sampling.load_players(
            RunFolder(self._folder(generator, seed)),
            config,
            self.run.data_dir,
            None if critic == generator else str(self._folder(critic, seed)),
        )

    @functools.cached_property
    def judge(self) -> ImageScores:
        """The scores of 5,000 samples, by the classifier that judged the training."""
        config = run_config(next(iter(METHODS)), self.data, self.run.seeds[0], self.run)
        with config.unlocked():
            config.watch.scores = ("is", "fid", "kid", "prdc")
        return judging.run_scores(config, self.run.data_dir)[0]

    def _folder(self, method: str, seed: int):
        return self.run.folder.parent / "lipschitz_runs" / folder_name(method, self.data, seed)


def _tuned(players: sampler_builders.Players, judge: ImageScores, n: int) -> str:
    """Choose DOT's rate and number of updates by the FID of other samples than the table's."""

    def make(rate: float) -> samplers.DOTSampler:
        return sampler_builders.build(f"dot(updates={max(UPDATES)}, rate={rate})", players, BATCH)

    def fid(images) -> float:
        return judge.evaluate(images, len(images))["fid"].value

    found = samplers.tune(make, fid, RATES, UPDATES, n, seed=1000)
    if found.rate is None:
        return "dot(updates=0)"
    return f"dot(updates={found.updates}, rate={found.rate})"


def _score(run: Run, trained: Trained, names: tuple[str, str, str], seed: int) -> Part:
    generator, critic, label = names
    players = trained.players(generator, critic, seed)
    judge, n = trained.judge, run.updates(SAMPLES, 2 * BATCH)
    text = SAMPLERS[label] or _tuned(players, judge, run.updates(VALIDATED, 2 * BATCH))
    sampler = sampler_builders.build(text, players, BATCH)
    sampler.sample(1)  # compiles, and measures what is measured once
    start = time.perf_counter()
    images = sampler.sample(n, seed=seed)
    seconds = time.perf_counter() - start
    scores = judge.evaluate(images, n, generator_weights="ema", sampler=sampler.describe())
    row = {"data": trained.data, "generator": generator, "critic": critic, "sampler": label}
    row |= {"knobs": text, "card": scores.card.short, "seed": seed}
    row |= {name: score.value for name, score in scores.items()}
    row |= {"fid low": scores["fid"].low, "fid high": scores["fid"].high}
    row["seconds per 1000"] = 1000 * seconds / n
    run.say(json.dumps(row))
    return Part([row], [image_grid(images[:40], columns=10, magnify=2)])


def _cases() -> dict[str, tuple[str, str, str]]:
    """Return (generator, critic, sampler) by name: all samplers, then the critics of others."""
    own = [(method, method, label) for method in METHODS for label in SAMPLERS]
    others = [(g, c, TUNED) for g in METHODS for c in METHODS if g != c]
    return {", ".join(case): case for case in own + others}


def _run(run: Run) -> list[dict]:
    rows = []
    for data in DATA:
        trained, cases = Trained(run, data), _cases()

        def make(label: str, trained=trained, cases=cases) -> Callable[[int], Part]:
            return functools.partial(_score, run, trained, cases[label.partition(": ")[2]])

        found, pictures = run.parts([f"{data}: {name}" for name in cases], make)
        rows += found
        first = [picture for (picture,) in pictures[: len(METHODS) * len(SAMPLERS)]]
        by_sampler = [first[k :: len(SAMPLERS)] for k in range(len(SAMPLERS))]
        run.picture(f"samples_{data}", by_sampler)
    return rows


EXPERIMENT = Experiment(
    name="sampler_scores",
    source="DOT (Tanaka, 2019), Tables 1 and 2, and its rivals, on MNIST and CIFAR-10",
    claim="Inception score and FID on CIFAR-10 before and after DOT: WGAN-GP 6.53, 27.84 and 7.45, "
    "24.14; SNGAN (hinge) 7.45, 20.47 and 8.02, 17.12; every critic improves the SAGAN generator. "
    "By the Inception network: not comparable with this table, which a small classifier gives.",
    budget="5,000 samples of each sampler; DOT tuned on 1,000 others; pairs of 192,000 images",
    settings=("data", "generator", "critic", "sampler", "knobs", "card"),
    run=_run,
)
