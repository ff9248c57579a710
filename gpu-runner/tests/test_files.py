"""Rows, predictions and events as files: torn, malformed, repeated."""

import json
from pathlib import Path

import pytest

from gpu_runner.events import EventLog
from gpu_runner.exceptions import DataError
from gpu_runner.predictions import Prediction, append, read_answered
from gpu_runner.rows import read_items, read_rows

GOOD = '{"id":"a","prompt":"p","completion":"c"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "holds 0 rows"),
        ("\n\n", "holds 0 rows"),
        (GOOD + "\n{", "line 2: not JSON"),
        (GOOD + "\n[1]", "line 2: expected an object with id, prompt, completion, got list"),
        ('{"id":"a","prompt":"p"}', "line 1: has no field 'completion'"),
        ('{"id":1,"prompt":"p","completion":"c"}', "line 1: id is int, expected a string"),
        ('{"id":"","prompt":"p","completion":"c"}', "line 1: id is empty"),
        (GOOD + "\n" + GOOD, "line 2: id 'a' is that of line 1 too"),
    ],
)
def test_a_malformed_file_of_rows_is_refused_by_line(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(DataError, match=r"rows\.jsonl") as error:
        read_rows(path)
    assert expected in str(error.value)


def test_missing_and_undecodable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_rows(tmp_path / "none")
    with pytest.raises(DataError, match="is a directory"):
        read_items(tmp_path)
    (tmp_path / "latin").write_bytes(b'{"id":"\xe9"}')
    with pytest.raises(DataError, match="byte 7 is not UTF-8"):
        read_rows(tmp_path / "latin")


def test_a_line_separator_inside_a_string_does_not_end_the_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id":"a","prompt":"p\u2028q","completion":"c"}\n', encoding="utf-8")
    assert read_rows(path)[0].prompt == "p\u2028q"


def prediction(item: str) -> Prediction:
    return Prediction(model="m", id=item, prediction="t\u2028x", num_tokens=2, stopped=True)


def test_a_torn_last_prediction_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    append(path, [prediction("a"), prediction("b")])
    path.write_bytes(path.read_bytes()[:-9])
    assert read_answered(path) == {("m", "a")}
    append(path, [prediction("b")])
    assert read_answered(path) == {("m", "a"), ("m", "b")}
    assert len(path.read_bytes().splitlines()) == 2


def test_a_malformed_prediction_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text("{}\n")
    with pytest.raises(DataError, match="line 1: is not a prediction"):
        read_answered(path)


def test_events_are_appended_behind_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(str(path), rank=1) as events:
        events.emit("resumed", step=1)
    with path.open("a") as file:
        file.write('{"kind":"st')
    with EventLog(str(path), rank=1) as events:
        events.emit("resumed", step=2)
    lines = path.read_text().splitlines()
    assert [json.loads(line)["step"] for line in (lines[0], lines[2])] == [1, 2]


def test_an_event_is_in_the_file_as_soon_as_it_is_told(tmp_path: Path) -> None:
    with EventLog(str(tmp_path / "events.jsonl"), rank=0) as events:
        events.phase("loop")
        assert (tmp_path / "events.jsonl").read_text().endswith('"phase":"loop"}\n')


def test_a_number_that_json_does_not_know_is_refused(tmp_path: Path) -> None:
    with (
        EventLog(str(tmp_path / "events.jsonl"), rank=0) as events,
        pytest.raises(ValueError, match="not JSON compliant"),
    ):
        events.emit("step", loss=float("nan"))
