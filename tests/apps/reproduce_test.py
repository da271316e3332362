"""The experiments: their names, their oracles, and what they write."""

import importlib
import json

import numpy as np
import pytest

from apps import reproduce
from apps.experiments import closed_forms, plans, record


@pytest.fixture
def run(tmp_path):
    said = []
    return record.Run(tmp_path, seeds=(0, 1), scale=0.01, say=said.append)


@pytest.mark.parametrize("name", sorted(reproduce.EXPERIMENTS))
def test_every_name_has_an_experiment(name):
    module = importlib.import_module(f"apps.experiments.{reproduce.EXPERIMENTS[name]}")
    experiment = module.EXPERIMENT
    assert experiment.name == name
    assert experiment.claim and experiment.budget and experiment.source and experiment.settings


@pytest.mark.parametrize(
    ("x", "phi", "printed"),
    # Appendix B.2.1 of the paper prints these four, to as many digits.
    [
        (-1000.0, 15.0, 0.0157),
        (-1.0, 15.0, 0.0116),
        (-1000.0, -1.095945, 0.0626),
        (-1.0, -1.095945, 1.0),
    ],
)
def test_outlier_mass_is_the_papers(x, phi, printed):
    np.testing.assert_allclose(plans.outlier_mass(x, phi), printed, atol=5e-5)


def test_outlier_mass_by_quadrature():
    # Bayes' rule with the Gaussian integral done numerically, at a point where nothing underflows.
    x, phi = 480.0, 12.0
    y = np.linspace(plans.CENTRE - 12, plans.CENTRE + 12, 20_001)
    kernel = np.exp(-((x - y) ** 2) / (2 * np.exp(phi)))
    normal = np.exp(-((y - plans.CENTRE) ** 2) / 2) / np.sqrt(2 * np.pi)
    inside = (1 - plans.RHO) * np.trapezoid(kernel * normal, y)
    point = plans.RHO * np.exp(-((x - 1.0) ** 2) / (2 * np.exp(phi)))
    np.testing.assert_allclose(plans.outlier_mass(x, phi), point / (point + inside), rtol=1e-6)


def test_closed_form_is_the_gaussian_integral():
    # Eq. 17 by quadrature: y | x is normal with the product of prior and navigator kernel.
    theta, phi = 0.7, -0.3
    x = np.linspace(-9, 9, 801)
    y = np.linspace(-14, 14, 1201)
    real = np.exp(-(x**2) / 2)
    fake = np.exp(-(y**2) / (2 * np.exp(theta)))
    squared = (x[:, None] - y) ** 2
    joint = np.exp(-squared / (2 * np.exp(phi)))
    to_fake = joint * fake / (joint * fake).sum(axis=1, keepdims=True)
    to_real = joint * real[:, None] / (joint * real[:, None]).sum(axis=0)
    forward = (real / real.sum()) @ (to_fake * squared).sum(axis=1)
    backward = (to_real * squared).sum(axis=0) @ (fake / fake.sum())
    # The grids are fine and wide enough for six digits.
    np.testing.assert_allclose(closed_forms.analytic(theta, phi), (forward, backward), rtol=1e-6)


def test_summary_averages_over_seeds_only():
    rows = [
        {"method": "a", "seed": 0, "score": 1.0},
        {"method": "a", "seed": 1, "score": 3.0},
        {"method": "b", "seed": 0, "score": 5.0},
    ]
    first, second = record.summary(rows, ("method",))
    assert first == {"method": "a", "seeds": 2, "score": (2.0, pytest.approx(2**0.5))}
    assert second == {"method": "b", "seeds": 1, "score": (5.0, 0.0)}
    assert record.table([first, second]).splitlines() == [
        "| method | seeds | score |",
        "|---|---|---|",
        "| a | 2 | 2 ± 1.4 |",
        "| b | 1 | 5 |",
    ]


def test_a_diverged_seed_is_infinite_and_not_an_accident():
    rows = [{"method": "a", "seed": s, "score": x} for s, x in enumerate((1.0, float("inf")))]
    (entry,) = record.summary(rows, ("method",))
    assert entry["score"] == (float("inf"), 0.0)
    assert record.table([entry]).splitlines()[-1] == "| a | 2 | inf |"


def test_what_is_no_number_is_listed_or_left_to_the_file(tmp_path):
    rows = [
        {"method": "a", "seed": s, "knobs": k, "card": {"k_eff": s}, "score": 1.0}
        for s, k in enumerate(("rate=1", "rate=2", "rate=1"))
    ]
    (entry,) = record.summary(rows, ("method",))
    assert entry == {"method": "a", "seeds": 3, "knobs": "rate=1; rate=2", "score": (1.0, 0.0)}
    experiment = record.Experiment("x", "a paper", "much", "little", ("method",), lambda run: rows)
    run = record.Run(tmp_path, (0, 1, 2), 1.0, print)
    record.write(tmp_path, experiment, run, rows, 1.0)
    assert json.loads((tmp_path / "results.json").read_text())["rows"] == rows
    assert "rate=1; rate=2" in (tmp_path / "table.md").read_text()


def test_columns_that_only_some_settings_have():
    entries = record.summary(
        [{"part": "x", "seed": 0, "p": 1.0}, {"part": "y", "seed": 0}], ("part",)
    )
    assert record.table(entries).splitlines()[-1] == "| y | 1 |  |"


def test_updates_are_scaled_with_a_floor(run):
    assert run.updates(10_000) == 100
    assert run.updates(100) == 20


def test_an_experiment_writes_table_results_and_pictures(tmp_path):
    table = reproduce.reproduce("act_plans", str(tmp_path), seeds=1, scale=0.01)
    folder = tmp_path / "act_plans"
    assert sorted(path.name for path in folder.iterdir()) == [
        "plans.png",
        "results.json",
        "table.md",
    ]
    written = json.loads((folder / "results.json").read_text())
    assert written["seeds"] == [0] and written["scale"] == 0.01
    assert len(written["rows"]) == 4 + 2 * 3 * len(plans.SIZES)
    assert table in (folder / "table.md").read_text()


NEED_IMAGES = {"act_digits", "age_stacked_mnist", "lipschitz_images", "lipschitz_runs", "ot_digits"}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(reproduce.EXPERIMENTS) - {"act_plans"} - NEED_IMAGES))
def test_every_toy_experiment_runs(name, tmp_path):
    reproduce.reproduce(name, str(tmp_path), seeds=1, scale=0.002)
    assert list((tmp_path / name).glob("*.png"))


def test_a_part_is_computed_once(run):
    made = []

    def make():
        made.append(1)
        return record.Part([{"seed": 0, "score": 1.5}], [np.full((2, 3, 3), 7, np.uint8)])

    first, again = (run.part(("GAN", 0), make) for _ in range(2))
    assert len(made) == 1 and again.rows == first.rows == [{"seed": 0, "score": 1.5}]
    np.testing.assert_array_equal(again.pictures, first.pictures)
    # Another key, or another scale, is another part.
    run.part(("GAN", 1), make)
    record.Run(run.folder, run.seeds, 1.0, run.say).part(("GAN", 0), make)
    assert len(made) == 3 and len(list((run.folder / "parts").iterdir())) == 3


def test_parts_go_label_by_label_and_show_the_first_seed(tmp_path):
    run = record.Run(tmp_path, (3, 5), 1.0, lambda line: None)

    def make(label):
        def compute(seed):
            picture = np.full((1, 1, 3), seed, np.uint8)
            return record.Part([{"label": label, "seed": seed}], [picture])

        return compute

    rows, pictures = run.parts(("a", "b"), make)
    assert [(row["label"], row["seed"]) for row in rows] == [("a", 3), ("a", 5), ("b", 3), ("b", 5)]
    assert [int(found.max()) for (found,) in pictures] == [3, 3]
