"""Which navigator covers the eight modes, over seeds? Table 3's form and its rivals."""

from apps.experiments import toys
from apps.experiments.record import Experiment, Run
from keras_ot_gans import datasets, networks
from keras_ot_gans.callbacks.density_pictures import density_picture

UPDATES = 15_000


def _features(width: int, batch_norm: bool = False):
    return lambda: networks.mlp(2, toys.HIDDEN, width, batch_norm=batch_norm)


def _distance():
    return networks.difference_navigator(2, toys.HIDDEN)


# name: (navigator, batch norm in the generator, rates of generator and navigator)
FORMS = {
    "Table 3: 1-d, no BN, 2e-4 / 4e-5": (_features(1), False, 2e-4, 4e-5),
    "1-d, BN in G, 1e-3 / 2e-4": (_features(1), True, 1e-3, 2e-4),
    "1-d, BN in G and T, 1e-3 / 2e-4": (_features(1, True), True, 1e-3, 2e-4),
    "10-d, no BN, 2e-4 / 4e-5": (_features(10), False, 2e-4, 4e-5),
    "10-d, no BN, 1e-3 / 2e-4": (_features(10), False, 1e-3, 2e-4),
    "10-d, BN in G, 1e-3 / 2e-4": (_features(10), True, 1e-3, 2e-4),
    "10-d, BN in G and T, 1e-3 / 2e-4 (ours)": (_features(10, True), True, 1e-3, 2e-4),
    "learned distance, BN in G, 1e-3 / 2e-4": (_distance, True, 1e-3, 2e-4),
}


def _run(run: Run) -> list[dict]:
    rows, line = [], []
    mixture = datasets.eight_gaussians_mixture()
    for form, (navigator, norm, fast, slow) in FORMS.items():
        for seed in run.seeds:
            real = datasets.eight_gaussians(5000, seed=seed)
            model = toys.act(
                seed,
                navigator=navigator,
                generator_batch_norm=norm,
                generator_rate=fast,
                navigator_rate=slow,
            )
            data = toys.endless(real, toys.BATCH, seed)
            toys.train(model, data, [run.updates(UPDATES)], lambda step: None)
            fake = model.sample(2000, seed=seed)
            found = toys.coverage(fake, mixture)
            rows.append({"navigator": form, "seed": seed, **toys.scores(real[:2000], fake, found)})
            run.say(str(rows[-1]))
            if seed == run.seeds[0]:
                line.append(density_picture(real, fake, form))
    run.picture("samples", [line[:4], line[4:]])
    return rows


EXPERIMENT = Experiment(
    name="act_navigators",
    source="ACT (Zheng and Zhou, 2020), Table 3, and the authors' later code",
    claim="a 1-d navigator and a generator without batch norm (Table 3) cover the modes within "
    "10,000 updates.",
    budget="15,000 generator updates with N = M = 100 on 5,000 points per run",
    settings=("navigator",),
    run=_run,
)
