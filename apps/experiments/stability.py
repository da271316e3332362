"""Figs. 10 to 13: half of the training with a frozen navigator."""

from apps.experiments import toys
from apps.experiments.record import Experiment, Run
from keras_ot_gans import datasets
from keras_ot_gans.callbacks.density_pictures import density_picture

HALF = 15_000
DATA = {
    "8 Gaussians": (datasets.eight_gaussians, datasets.eight_gaussians_mixture),
    "swiss roll": (datasets.swiss_roll, None),
    "half moons": (datasets.half_moons, None),
    "25 Gaussians": (datasets.twenty_five_gaussians, datasets.twenty_five_gaussians_mixture),
}


def _run(run: Run) -> list[dict]:
    rows = []
    half = run.updates(HALF, least=30) // 3 * 3
    for name, (draw, modes) in DATA.items():
        mixture = None if modes is None else modes()
        grid = []
        for method, make in (("sliced Wasserstein", toys.sliced), ("ACT", toys.act)):
            for seed in run.seeds:
                real = draw(5000, seed=seed)
                model = make(seed)
                data = toys.endless(real, toys.BATCH, seed)
                line = []

                def look(
                    step, model=model, real=real, seed=seed, line=line, mixture=mixture, **settings
                ):
                    fake = model.sample(2000, seed=seed)
                    found = mixture and toys.coverage(fake, mixture)
                    score = toys.scores(real[:2000], fake, found)
                    rows.append({**settings, "updates": step, "seed": seed, **score})
                    line.append(
                        density_picture(real, fake, f"{settings['method']}, {step} updates")
                    )

                def watch(step, look=look, name=name, method=method):
                    look(step, data=name, method=method)

                toys.train(model, data, [half // 3, 2 * half // 3, half], watch)
                if "navigator" in model.networks:
                    model.freeze("navigator")
                toys.train(model, data, [half + k * half // 3 for k in (1, 2, 3)], watch)
                run.say(f"{name}, {method}, seed {seed}: {rows[-1]}")
                if seed == run.seeds[0]:
                    grid.append(line)
        run.picture("samples_" + name.replace(" ", "_").lower(), grid)
        for seed in run.seeds:
            other = draw(2000, seed=seed + 1000)
            found = mixture and toys.coverage(other, mixture)
            floor = toys.scores(draw(2000, seed=seed), other, found)
            setting = {"data": name, "method": "real against real", "updates": 0, "seed": seed}
            rows.append({**setting, **floor})
    return rows


EXPERIMENT = Experiment(
    name="act_stability",
    source="ACT (Zheng and Zhou, 2020), Figs. 10 to 13",
    claim="after 15k updates the navigator is frozen for another 15k: ACT goes on improving and "
    "does not collapse; SWD stays stable.",
    budget="30,000 generator updates with N = M = 100 on 5,000 points per run",
    settings=("data", "method", "updates"),
    run=_run,
)
