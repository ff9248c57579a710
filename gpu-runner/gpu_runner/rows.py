"""Reading rows (id, prompt, completion) and items (id, prompt) from JSON Lines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_runner.exceptions import DataError


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One example: text in, text out."""

    id: str
    prompt: str
    completion: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One prompt that awaits an answer."""

    id: str
    prompt: str


def read_rows(path: Path) -> list[Row]:
    """All rows of a file; raises DataError naming the line that is wrong."""
    return [
        Row(id=record["id"], prompt=record["prompt"], completion=record["completion"])
        for record in _records(path, ("id", "prompt", "completion"))
    ]


def read_items(path: Path) -> list[Item]:
    """All items of a file; raises DataError naming the line that is wrong."""
    return [Item(id=record["id"], prompt=record["prompt"]) for record in _records(path, ("id", "prompt"))]


def _records(path: Path, fields: tuple[str, ...]) -> Iterator[dict[str, str]]:
    line_of_id: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the path of a JSON Lines file") from None
    except IsADirectoryError:
        raise DataError(f"{path}: is a directory; give the path of a JSON Lines file") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        record = _parse(line, f"{path}, line {number}", fields)
        if (earlier := line_of_id.get(record["id"])) is not None:
            raise DataError(
                f"{path}, line {number}: id {record['id']!r} is that of line {earlier} too; give each line its own"
            )
        line_of_id[record["id"]] = number
        yield record
    if not line_of_id:
        raise DataError(f"{path}: holds 0 rows; give at least one")


def _parse(line: str, where: str, fields: tuple[str, ...]) -> dict[str, str]:
    try:
        record: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: not JSON ({error.msg} at column {error.colno}); mend or remove the line") from None
    if not isinstance(record, dict):
        raise DataError(f"{where}: expected an object with {', '.join(fields)}, got {type(record).__name__}")
    for field in fields:
        if field not in record:
            raise DataError(f"{where}: has no field {field!r}; every line needs {', '.join(fields)}")
        if not isinstance(record[field], str):
            raise DataError(f"{where}: {field} is {type(record[field]).__name__}, expected a string")
    if not record["id"]:
        raise DataError(f"{where}: id is empty; give each line its own")
    return record
