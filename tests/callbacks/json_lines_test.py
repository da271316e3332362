import json
import os
import resource

import numpy as np
import pytest

from keras_ot_gans.callbacks import append_json_line, read_json_lines


def test_lines_are_whole_and_in_order(tmp_path):
    path = tmp_path / "metrics.jsonl"
    records = [{"step": step, "w1": 0.1 * step} for step in range(5)]
    for record in records:
        append_json_line(path, record)
    assert read_json_lines(path) == records
    assert len(path.read_text().splitlines()) == 5


def test_a_line_torn_anywhere_spoils_no_other(tmp_path):
    path = tmp_path / "metrics.jsonl"
    whole = json.dumps({"step": 7, "w1": 0.25})
    for cut in range(len(whole)):
        path.write_text('{"step": 1}\n' + whole[:cut])
        append_json_line(path, {"step": 2})
        assert read_json_lines(path) == [{"step": 1}, {"step": 2}]
    # Only the line's end was lost: the record is whole.
    path.write_text(whole)
    append_json_line(path, {"step": 2})
    assert read_json_lines(path) == [json.loads(whole), {"step": 2}]


def test_not_a_number_is_null(tmp_path):
    path = tmp_path / "metrics.jsonl"
    append_json_line(path, {"a": np.nan, "b": -np.inf, "c": 1.0})
    assert path.read_text() == '{"a": null, "b": null, "c": 1.0}\n'


def test_the_disk_is_waited_for(tmp_path, monkeypatch):
    path, sizes = tmp_path / "metrics.jsonl", []
    monkeypatch.setattr(os, "fsync", lambda file: sizes.append(os.fstat(file).st_size))
    append_json_line(path, {"step": 1})
    assert sizes == [len('{"step": 1}\n')]  # flushed before the sync


@pytest.mark.parametrize("torn", ["", '{"step"'])
def test_a_line_for_which_there_is_no_room_is_taken_back(tmp_path, torn):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n' + torn)
    before, limit = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 6, limit[1]))  # for a part of it
    try:
        with pytest.raises(OSError, match="File too large"):
            append_json_line(path, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_bytes() == before
    append_json_line(path, {"step": 2})
    assert read_json_lines(path) == [{"step": 1}, {"step": 2}]
