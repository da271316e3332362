"""A run whose watchdog went back to an earlier checkpoint: its epochs go on, its steps fall."""

import pytest

from tests.apps.report_runs import config, make, records, report, rows, score

STEPS = (100, 200, 300, 150, 250)  # 100 updates in an epoch; the fourth went back
FIDS = (30.0, 20.0, 10.0, 50.0, 40.0)


def lines(steps=STEPS):
    """Epochs of 12 seconds, 10 of them for updates."""
    first = records()[0]
    return [
        {
            **first,
            "epoch": epoch,
            "step": step,
            "updates_per_second": 10.0 if epoch != 4 else 0.0,
            "w1": fid / 100,
            "fid": fid,
            "scores": {"fid": score(fid, 1.5, False)},
        }
        for epoch, (step, fid) in enumerate(zip(steps, FIDS, strict=True), start=1)
    ]


def rewound(path, made=None, steps=(0, *STEPS), **changes):
    train = {"train__generator_updates": 500, "train__updates_per_epoch": 100}
    return make(path, config(**train | changes), lines() if made is None else made, steps)


def facts(page):
    return {d.all("dt")[0].text: d.all("dd")[0].text for d in page.all("dl")[0].all("div")}


@pytest.mark.parametrize(
    "epochs, state, updates",
    [
        (5, "finished", "250 of 500; 250 more undone by the watchdog"),
        (4, "stopped or still running, 80 %", "150 of 500; 250 more undone by the watchdog"),
        (3, "stopped or still running, 60 %", "300 of 500"),
    ],
)
def test_epochs_tell_how_far_it_came(tmp_path, epochs, state, updates):
    found = facts(report(rewound(tmp_path / "run", lines()[:epochs])))
    assert (found["State"], found["Generator updates"]) == (state, updates)
    assert found["Epochs"] == f"{epochs} of 5"


def test_it_is_not_finished_without_its_generator(tmp_path):
    run = rewound(tmp_path / "run")
    (run / "generator.keras").unlink()
    assert facts(report(run))["State"] == "not finished"


def test_the_last_epoch_is_the_last_value_also_where_epochs_were_repeated(tmp_path):
    whole = lines()
    stale = {"w1": 9.0, "scores": {"fid": score(99.0, 1.5, False)}}
    # Killed in the sixth epoch and continued after the third.
    repeated = [*whole[:3], *({**line, **stale} for line in whole[3:]), *whole[3:]]
    for name, made in (("whole", whole), ("repeated", repeated)):
        page = report(rewound(tmp_path / name, made))
        (training, _) = page.section("scores").all("table")
        last, best = "40 [38.5, 41.5] at step 250", "10 at step 300"
        assert rows(training) == [["fid", name, last, best, "toy-50"]]
        values = [float(data.attributes["value"]) for data in page.charts()["w1"].all("data")]
        assert values[:3] == [0.4, 0.1, 0.5]


def _corners(line):
    return [tuple(map(float, c.split(","))) for c in line.attributes["points"].split()]


def test_a_line_ends_where_it_went_back_and_a_thin_one_leads_on(tmp_path):
    figure = report(rewound(tmp_path / "run")).charts()["fid"]
    before, after = map(_corners, figure.all("polyline"))
    # Equal steps are equally far apart on the axis: 100, 200, 300, and 150, 250 between them.
    (a, _), (b, _), (c, _) = before
    (d, _), (e, _) = after
    # Places are rounded to a tenth.
    assert [b, d, e] == pytest.approx([(a + c) / 2, (a + b) / 2, (b + c) / 2], abs=0.11) and a < c
    (back,) = figure.all("path", "back")
    ends = [tuple(map(float, end.split())) for end in back.attributes["d"][1:].split("L")]
    assert ends == [before[-1], after[0]]
    assert "thin line: back to an earlier checkpoint" in figure.all("figcaption")[0].text
    assert [circle.text.split()[1] for circle in figure.all("circle")] == [
        f"{step}:" for step in STEPS
    ]
    assert len(figure.all("polygon", "band")) == 2
    plain = report(make(tmp_path / "plain")).charts()["fid"]
    assert not plain.all("path", "back") and "thin line" not in plain.text


def test_its_time_is_counted_in_its_order(tmp_path):
    # 100 updates at 10 a second are 10 of 12 seconds; the epoch that lost updates tells nothing.
    table = report(rewound(tmp_path / "run")).section("time").all("table")[0]
    assert rows(table) == [["run", "1 min 0 s", "12 s", "17 %"]]


def test_scores_over_time_are_told_apart_where_a_step_comes_twice(tmp_path):
    twice = rewound(tmp_path / "twice", lines((100, 200, 300, 200, 300)))
    page = report(twice, make(tmp_path / "plain"))
    figure = page.charts(page.section("time"))["fid"]
    told = [circle.text for circle in figure.all("circle") if circle.text.startswith("twice")]
    # An epoch is a fifth of a minute.
    assert [text.split("[")[0].strip() for text in told] == [
        f"twice at {epoch / 5:g}: {fid:g}" for epoch, fid in enumerate(FIDS, start=1)
    ]
    assert not figure.all("path", "back")  # time does not go back


@pytest.mark.parametrize(
    "steps, order",
    [
        ((0, *STEPS), (250, 0, 100, 200, 300, 150)),
        ((0, 100, 200, 300, 150, 250, 350), (350, 0, 100, 200, 300, 150, 250)),  # not yet a line
        ((0, 200, 300, 150), (150, 0, 200, 300)),  # of some epochs only
    ],
)
def test_the_last_picture_is_of_the_model_as_it_is(tmp_path, steps, order):
    page = report(rewound(tmp_path / "run", steps=steps))
    shown = [alt for alt, _ in page.pictures() if alt.startswith("Samples")]
    assert shown == [f"Samples at step {step}, run run" for step in order]


def test_memory_stands_beside_the_time_with_its_unit(tmp_path):
    made = [
        {**line, "peak_memory_gib": 1.5, "peak_gpu_memory_gib": 8.0 + line["epoch"]}
        for line in records()
    ]
    page = report(make(tmp_path / "run", lines=made))
    charts = page.charts(page.section("time"))
    for name, last in (("peak_memory_gib", "1.5"), ("peak_gpu_memory_gib", "11.0")):
        assert charts[name].all("figcaption")[0].text.startswith(f"{name}GiB, the most that")
        assert charts[name].all("data")[0].attributes["value"] == last
