import errno
from pathlib import Path

from apps import experiment, report
from tests.apps.report_runs import Page, check, config, make, records, rows
from tests.apps.report_runs import report as page_of

ROOT = Path(__file__).resolve().parents[2]


# --- several ---


def test_two_runs_are_compared_by_what_differs(tmp_path):
    first = make(tmp_path / "a" / "run")
    other = config(train__seed=1, model__critic={"width": 2})
    second = make(tmp_path / "b" / "run", other, [{**r, "w1": 7.5} for r in records()])
    page = page_of(first, second)
    assert page.all("h1")[0].text == "2 runs compared"
    table = page.section("config").all("table")[0]
    assert [cell.text for cell in table.all("thead")[0].all("th")] == ["Key", "a/run", "b/run"]
    assert rows(table) == [
        ["model.critic", "none", "-"],
        ["model.critic.width", "-", "2"],
        ["train.seed", "0", "1"],
    ]
    figure = page.charts()["w1"]
    last = [item.all("data")[0].attributes["value"] for item in figure.all("li")]
    assert last == [repr(0.5 / 3), "7.5", "0.05"]  # and one floor, which is the same
    assert "Machine and packages do not differ" in page.section("environment").text
    curves = page.charts(page.section("time"))
    assert "minutes of training" in curves["fid"].text
    looks = [line.attributes["class"] for line in figure.all("polyline")]
    assert len(set(looks)) == 3


def test_scores_of_different_protocols_are_not_drawn_together(tmp_path):
    first = make(tmp_path / "a")
    second = make(tmp_path / "b", lines=records("toy-9", n_fake=9))
    page = page_of(first, second)
    figures = page.section("scores").all("figure", "chart")
    assert [len(figure.all("polyline")) for figure in figures] == [1, 1]
    assert "The cards differ in n_fake (50 / 9)" in page.text
    same = page_of(first, make(tmp_path / "c")).section("scores")
    assert [len(figure.all("polyline")) for figure in same.all("figure", "chart")] == [2]


# --- the app ---


def test_app_writes_a_page_of_folders_with_commas_or_repeated(run_app, tmp_path):
    first, second = make(tmp_path / "a"), make(tmp_path / "b")
    third = make(tmp_path / "with, comma")
    out = tmp_path / "page.html"
    code, printed, _ = run_app(
        report, f"--workdir={first},{second}", f"--workdir={third}", f"--out={out}"
    )
    assert code == 0 and printed.startswith("Report of 3 runs") and str(out) in printed
    assert "3 runs compared" in check(Page(out.read_text(encoding="utf-8"))).text


def test_app_explains_what_it_cannot_use_and_keeps_the_page_that_is_there(run_app, tmp_path):
    run, out = make(tmp_path / "run"), tmp_path / "page.html"
    out.write_text("old")
    for arguments, message in (
        ([], "`--workdir` must be given"),
        ([f"--workdir={tmp_path}"], "with neither config.json nor metrics.jsonl"),
        ([f"--workdir={tmp_path / 'gone'}"], "cannot be read"),
        ([f"--workdir={run},{run}"], "none of them twice"),
        ([f"--workdir={run}", "--out=page.pdf"], "`out` must be a file name that ends with .html"),
        ([f"--workdir={run}", f"--out={tmp_path}/no/page.html"], "in a folder that exists"),
    ):
        code, _, error = run_app(report, f"--out={out}", *arguments)
        assert code == 2 and message in error, arguments
    assert out.read_text() == "old" and sorted(p.name for p in tmp_path.iterdir()) == [
        "page.html",
        "run",
    ]


def test_a_page_appears_whole_or_not_at_all(monkeypatch, run_app, tmp_path):
    run, out = make(tmp_path / "run"), tmp_path / "page.html"
    out.write_text("old")
    write = Path.write_bytes

    def full(path, content):
        write(path, content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, _, error = run_app(report, f"--workdir={run}", f"--out={out}")
    assert code == 2 and "No space left on device" in error
    assert out.read_text() == "old" and len(list(tmp_path.iterdir())) == 2


def test_report_of_a_trained_run(swd_config, tmp_path, capsys):
    swd_config.watch.pictures, swd_config.watch.metrics = ("samples",), ("earth_mover",)
    swd_config.watch.every, swd_config.watch.num_evaluated = 2, 50
    last = experiment.train_and_evaluate(swd_config, str(tmp_path / "run"))
    page = page_of(tmp_path / "run")
    assert not page.notes()
    charts = page.charts()
    assert set(charts) == {n for n in last if not n.endswith("_floor")} - {"epoch", "step"}
    for name, figure in charts.items():
        assert float(figure.all("data")[0].attributes["value"]) == last[name]
    assert len(page.pictures()) == 4  # at steps 0, 20 and 40, and real data
