import base64
import doctest
import hashlib
import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from apps.reporting.style import COLOURS, STYLE
from tests.apps.report_runs import CARD, config, make, records, rows, score
from tests.apps.report_runs import report as page_of

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "apps").glob("report*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(f"apps.{name}")
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


# --- one run ---


def test_page_allows_its_own_style_and_pictures_and_nothing_else(tmp_path):
    page = page_of(make(tmp_path / "run"))
    (policy,) = [
        meta.attributes["content"] for meta in page.all("meta") if "http-equiv" in meta.attributes
    ]
    (style,) = page.all("style")
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    # The policy must come before anything that it is about.
    assert page.html.index("Content-Security-Policy") < page.html.index("<style>")
    assert not page.all("aside")  # a whole run misses nothing
    assert page.html.isascii() or "charset" in page.html[:60]


def test_headings_descend_and_the_contents_name_all_sections(tmp_path):
    page = page_of(make(tmp_path / "run"))
    levels = [int(e.name[1]) for e in page.root.every() if e.name in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    links = {link.attributes["href"][1:]: link.text for link in page.all("nav")[0].all("a")}
    sections = {s.attributes["id"]: s.all("h2")[0].text for s in page.all("section")}
    assert links == sections
    assert list(links) == [
        "summary", "scores", "pictures-samples", "distances", "transport", "losses", "time",
        "config", "environment",
    ]  # fmt: skip


def test_every_value_has_a_curve_that_ends_where_the_log_ends(tmp_path):
    lines = records()
    charts = page_of(make(tmp_path / "run", lines=lines)).charts()
    told = {"epoch", "step", "scores", "cards", "best_fid", "w1_floor"}
    assert set(charts) == set(lines[-1]) - told
    for name, figure in charts.items():
        values = [line[name] for line in lines]
        shown = [float(data.attributes["value"]) for data in figure.all("data")]
        assert shown[:3] == [values[-1], min(values), max(values)]
    floor = charts["w1"].all("li")[1]
    assert "floor" in floor.text and floor.all("data")[0].attributes["value"] == "0.05"
    assert len(charts["w1"].all("polyline")) == 2


def _axis(figure, column):
    """Where the labels of an axis stand, and what they say: (places, values)."""
    texts = [text for text in figure.all("text") if text.text != "generator updates"]
    anchor, place = (("end", "y"), ("middle", "x"))[column]
    texts = [text for text in texts if text.attributes["text-anchor"] == anchor]
    units = {"k": 1e3, "M": 1e6}
    values = [float(t.text.rstrip("kM")) * units.get(t.text[-1], 1.0) for t in texts]
    shift = 4 if place == "y" else 0  # a label's base line lies below its tick
    return [float(t.attributes[place]) - shift for t in texts], values


@pytest.mark.parametrize("name, log", [("plan_entropy", False), ("marginal_error", True)])
def test_a_line_passes_where_its_axes_say(tmp_path, name, log):
    lines = records()
    figure = page_of(make(tmp_path / "run", lines=lines)).charts()[name]
    assert ("logarithmic" in figure.text) is log
    (line,) = figure.all("polyline")
    corners = [tuple(map(float, c.split(","))) for c in line.attributes["points"].split()]
    across, up = _axis(figure, 1), _axis(figure, 0)
    if log:
        up = (up[0], np.log10(up[1]))
    for (x, y), record in zip(corners, lines, strict=True):
        order = np.argsort(up[0])
        value = np.interp(y, np.array(up[0])[order], np.array(up[1])[order])
        step = np.interp(x, *across)
        # Places are rounded to a tenth of 180 units for 0.55, or for 5 decades.
        assert value == pytest.approx(np.log10(record[name]) if log else record[name], abs=0.01)
        assert step == pytest.approx(record["step"], abs=0.2)


def test_scores_carry_interval_best_value_and_card(tmp_path):
    page = page_of(make(tmp_path / "run"))
    section = page.section("scores")
    training, card = section.all("table")
    assert rows(training) == [
        ["fid", "run", "11 [9.5, 12.5] at step 300", "11 at step 300", "toy-50"]
    ]
    assert rows(card) == [[key.replace("_", " "), str(value)] for key, value in CARD.items()]
    assert "lower is better" in section.text
    bars = section.all("path", "bar")
    assert len(bars) == 1 and bars[0].attributes["d"].count("V") == 3
    titles = [circle.text for circle in section.all("circle")]
    assert titles == [
        "at 100: 30 [28.5, 31.5]",
        "at 200: 15 [13.5, 16.5]",
        "at 300: 11 [9.5, 12.5]",
    ]


def test_scores_of_the_evaluation_app_stand_beside_those_of_the_training(tmp_path):
    run = make(tmp_path / "run")
    evaluation = {
        "scores": {"kid": {**score(0.5, 0.125, False), "std": None}},
        "refused": {"fid": "too few images"},
        "card": {**CARD, "n_fake": 9},
        "card_hash": "0123456789",
    }
    (run / "scores.json").write_text(json.dumps(evaluation))
    page = page_of(run)
    table = page.section("scores").all("table")[1]
    assert rows(table) == [
        ["kid", "run", "0.5 [0.375, 0.625]", "evaluation-01234567"],
        ["fid", "run", "refused: too few images", "evaluation-01234567"],
    ]
    assert "n_fake (50 / 9)" in page.text


def test_times_and_summary(tmp_path):
    page = page_of(make(tmp_path / "run"))
    facts = {d.all("dt")[0].text: d.all("dd")[0].text for d in page.all("dl")[0].all("div")}
    assert facts["State"] == "finished" and facts["Generator updates"] == "300 of 300"
    assert facts["Time"] == "36 s" and facts["Updates per second"] == "10 (median)"
    # 100 updates at 10 a second are 10 of an epoch's 12 seconds.
    assert rows(page.section("time").all("table")[0]) == [["run", "36 s", "12 s", "17 %"]]
    half = make(tmp_path / "half", config(train__generator_updates=600))
    assert "stopped or still running, 50 %" in page_of(half).text


def test_config_and_environment_are_there(tmp_path):
    page = page_of(make(tmp_path / "run"))
    tables = {t.all("caption")[0].text: rows(t) for t in page.section("config").all("table")}
    assert tables["model"] == [
        ["name", "act_gan"],
        ["critic", "none"],
        ["generator.hidden", "[8, 4]"],
    ]
    assert ["seed", "0"] in tables["train"]
    (environment,) = page.section("environment").all("table")
    assert ["devices", "CPU"] in rows(environment)


def _luminance(colour):
    colour = colour * 2 if len(colour) == 3 else colour
    shares = np.array([int(colour[k : k + 2], 16) / 255 for k in (0, 2, 4)])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_the_page(theme):
    """Contrast as WCAG 2.2 has it: 4.5 for text (1.4.3), 3 for curves (1.4.11)."""
    block = re.findall(r":root\{(.*?)\}", STYLE, re.S)[theme]
    colours = dict(re.findall(r"--(\w+):#(\w+);", block))
    curves = [f"c{index}" for index in range(COLOURS)]
    for name, back, least in [
        ("text", "page", 4.5), ("soft", "page", 4.5), ("link", "page", 4.5), ("text", "warn", 4.5),
        *((curve, "page", 3.0) for curve in curves),
    ]:  # fmt: skip
        low, high = sorted((_luminance(colours[name]), _luminance(colours[back])))
        assert (high + 0.05) / (low + 0.05) >= least, name
    assert len({colours[curve] for curve in curves}) == COLOURS
