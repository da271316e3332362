"""A run folder is data: nothing in it can run, hang the report, or end it with a traceback."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.reporting import page
from tests.apps.report_runs import CARD, config, make, png, records, report, rows, score

EVIL = "<script>alert('1')</script>\"><img src=x onerror=alert(2)>&amp;"


def _contents(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_markup_in_a_run_folder_is_text_on_the_page(tmp_path):
    settings = config(model__name=EVIL, train__seed=EVIL)
    settings[EVIL] = {EVIL: [EVIL]}
    lines = [
        {
            **record,
            EVIL: 0.5,
            "scores": {EVIL: score(0.5, 0.125, True, card=EVIL)},
            "cards": {EVIL: {EVIL: EVIL}},
            "refused": {EVIL: EVIL},
        }
        for record in records()
    ]
    name = EVIL.replace("/", "|")
    run = make(tmp_path / name, settings, lines, kinds=("samples", name))
    (run / "environment.txt").write_text(f"{EVIL}: {EVIL}\n")
    (run / "samples" / "step_000100.png").write_bytes(b"no picture")
    (run / "scores.json").write_text(
        json.dumps({"scores": {EVIL: {"value": EVIL}}, "card": {EVIL: 1}, "card_hash": EVIL})
    )
    page = report(run)  # which looks for elements and attributes that run or load
    assert [element.name for element in page.root.every()].count("img") == len(page.pictures())
    assert len(page.pictures()) == 6  # 2 and 3 over time, and real data
    assert page.text.count(EVIL) > 20
    assert ["seed", EVIL] in [row for t in page.section("config").all("table") for row in rows(t)]
    assert any(image.attributes["alt"].endswith(name) for image in page.all("img"))
    both = report(run, make(tmp_path / "other"))
    assert both.text.count(EVIL) > 20


def test_characters_that_cannot_be_seen_or_encoded_are_spelt_out(tmp_path):
    run = make(tmp_path / "run")
    (run / "config.json").write_text('{"model": {"name": "a\\u0000b\\ud800\\u202ec"}}')
    text = report(run).text
    assert r"a\x00b\ud800\u202ec" in text
    text.encode()


@pytest.mark.parametrize(
    "line, note",
    [
        (b'{"epoch": 2, "st\n', "1 damaged line(s) left out, number 2"),
        (b"\xff\xfe\x00\n", "number 2"),
        (b"[1, 2]\n", "number 2"),
        (b'{"epoch": 2}\n', "number 2"),
        (b'{"epoch": 2, "step": "many"}\n', "number 2"),
        (b'{"epoch": 2, "step": 1e999}\n', "number 2"),
        (b'{"epoch": 2, "step": -1}\n', "number 2"),
        (b'{"epoch": 2, "step": 1' + b"0" * 5000 + b"}\n", "number 2"),
        (b"[" * 100_000 + b"\n", "number 2"),
        (b'{"epoch": 2, "step": 200, "w1": NaN}\n', "w1: not a number in 1 of 3 epochs"),
        (b'{"epoch": 2, "step": 200, "w1": null}\n', "first at step 200"),
        (b'{"epoch": 2, "step": 200, "w1": -Infinity}\n', "w1: not a number in 1 of 3 epochs"),
        (b'{"epoch": 2, "step": 200, "w1": "0.1"}\n', "w1: not a number in 1 of 3 epochs"),
        (b'{"epoch": 2, "step": 200, "w1": 1' + b"0" * 400 + b"}\n", "w1: not a number in 1 of 3"),
    ],
    ids=range(14),
)
def test_damaged_lines_and_values_are_named_and_the_rest_is_drawn(tmp_path, line, note):
    run = make(tmp_path / "run")
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (run / "metrics.jsonl").write_bytes(lines[0] + line + lines[2])
    before = _contents(run)
    page = report(run)
    assert len(page.notes()) == 1 and note in page.notes()[0]
    figure = page.charts()["w1"]
    assert float(figure.all("data")[0].attributes["value"]) == 0.5 / 3
    if "w1" in note or "step 200" in note:  # the line has a gap, which is marked
        assert len(figure.all("polyline")) == 1 and len(figure.all("path", "lost")) == 1
    assert _contents(run) == before


def test_repeated_epochs_count_once_and_a_curve_without_numbers_says_so(tmp_path):
    lines = records()
    lines.insert(2, {**lines[1], "w1": 99.0, "generator_loss": None})
    lines = [{**line, "generator_loss": None} for line in lines]
    page = report(make(tmp_path / "run", lines=lines))
    assert "99" in page.charts()["w1"].text  # the later line of epoch 2
    assert "No value is a number" in page.charts()["generator_loss"].text
    assert page.notes() == ["generator_loss: not a number in 3 of 3 epochs, first at step 100"]


@pytest.mark.parametrize(
    "name, content, note",
    [
        ("config.json", b"{", "config.json: damaged"),
        ("config.json", b"[]", "config.json: damaged (no JSON object)"),
        ("config.json", b"[" * 100_000, "config.json: damaged"),
        ("config.json", None, "config.json: not there"),
        ("environment.txt", None, "environment.txt: not there"),
        ("environment.txt", b"\xff\x00 no block at all", None),
        ("metrics.jsonl", None, "metrics.jsonl: not there"),
        ("metrics.jsonl", b"", "metrics.jsonl: empty"),
        ("reals.png", None, "reals.png: not there"),
        ("reals.png", b"GIF89a", "reals.png: damaged or no PNG"),
        ("samples/step_000100.png", b"", "samples/step_000100.png: damaged or no PNG"),
        ("samples/step_000100.png", png()[:60], "samples/step_000100.png: damaged or no PNG"),
        ("scores.json", b"{]", "scores.json: damaged"),
        ("generator.keras", None, None),
    ],
)
def test_a_missing_or_damaged_file_is_named(tmp_path, name, content, note):
    run = make(tmp_path / "run")
    (run / name).unlink(missing_ok=True)
    if content is not None:
        (run / name).write_bytes(content)
    before = _contents(run)
    notes = report(run).notes()
    assert len(notes) == (note is not None)
    assert note is None or notes[0].startswith(note)
    assert _contents(run) == before


def test_damaged_pictures_leave_a_note_in_their_place(tmp_path):
    run = make(tmp_path / "run")
    (run / "samples" / "step_000300.png").write_bytes(png(40)[:3000])  # of about 5000
    page = report(run)
    (gone,) = page.all("p", "gone")
    assert gone.text.startswith("samples/step_000300.png is not shown")
    assert {alt: np.unique(pixels).tolist() for alt, pixels in page.pictures()[1:]} == {
        "Samples at step 0, run run": [0],
        "Samples at step 100, run run": [100],
    }  # the first of them is real data


def test_what_would_be_waited_for_is_not_opened(tmp_path):
    run = make(tmp_path / "run")
    (run / "samples" / "step_000100.png").unlink()
    os.mkfifo(run / "samples" / "step_000100.png")  # a reader waits for a writer
    (run / "scores.json").mkdir()
    (run / "metrics.jsonl").unlink()
    os.mkfifo(run / "metrics.jsonl")
    assert [note.split(":")[0] for note in report(run).notes()] == [
        "metrics.jsonl",
        "samples/step_000100.png",
    ]


def test_what_the_config_asks_for_and_the_folder_lacks_is_named(tmp_path):
    settings = config(watch={"every": 1, "pictures": ["samples", "plans", {}], "scores": ["fid"]})
    lines = [{**line, "refused": {"fid": "too few"}} for line in records()]
    for line in lines:
        del line["scores"]
    assert report(make(tmp_path / "run", settings, lines)).notes() == [
        "fid: refused, too few",
        "plans: the config asks for these pictures, and there is none",
        "{}: the config asks for these pictures, and there is none",
        "scores: the config asks for them, and there is none",
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_KEYS = ["scores", "cards", "refused", "seconds", "updates_per_second", "w1", "w1_floor", "fid"]
_LINE = st.fixed_dictionaries(
    {"epoch": st.integers(0, 5) | _JSON, "step": st.integers(0, 10**6) | _JSON},
    optional={
        **{key: st.floats() | _JSON for key in _KEYS},
        "scores": st.dictionaries(
            st.sampled_from(["fid", "is"]),
            st.fixed_dictionaries({}, optional={k: _JSON for k in score(1, 1, True)}),
        ),
        "cards": st.dictionaries(st.text(max_size=3), st.just(CARD) | _JSON),
    },
)
_CONFIG = st.fixed_dictionaries(
    {}, optional={key: _JSON for key in ("model", "data", "train", "watch", "")}
)
_FILE = st.binary(max_size=80)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_LINE | _JSON, max_size=6),
    _CONFIG | _JSON,
    st.dictionaries(st.sampled_from(["scores", "card", "card_hash", "refused"]), _JSON) | _JSON,
    _FILE,
    _FILE,
)
def test_any_content_gives_a_page(lines, settings, evaluation, picture, environment):
    folder = Path(tempfile.mkdtemp())
    try:
        run = make(folder / "run", settings or {}, lines, steps=(0, 5))
        (run / "scores.json").write_text(json.dumps(evaluation))
        (run / "environment.txt").write_bytes(environment)
        (run / "samples" / "step_000005.png").write_bytes(b"\x89PNG\r\n\x1a\n" + picture)
        report(run)
        report(run, make(folder / "whole"))
    finally:
        shutil.rmtree(folder)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_bytes_give_a_page(data):
    folder = Path(tempfile.mkdtemp())
    try:
        run = make(folder / "run", steps=(0,))
        for path in sorted(path for path in run.rglob("*") if path.is_file()):
            content = bytearray(path.read_bytes())
            for _ in range(data.draw(st.integers(0, 3))):
                place = data.draw(st.integers(0, len(content) - 1))
                content[place] = data.draw(st.integers(0, 255))
            path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
        assert page.build([str(run)]).startswith("<!DOCTYPE html>")
    finally:
        shutil.rmtree(folder)
