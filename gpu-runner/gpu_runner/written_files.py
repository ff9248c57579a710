"""Sizes and hashes of files that were written, as events and checkpoint records carry them."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict


class WrittenFile(TypedDict):
    """`path` is relative to the folder that the event or record names, with forward slashes."""

    path: str
    bytes: int
    sha256: str


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """All regular files below a folder, sorted by their relative path."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def describe_files(folder: Path, files: Iterable[Path]) -> list[WrittenFile]:
    """Size and hash of each file, in the order given."""
    return [
        {"path": file.relative_to(folder).as_posix(), "bytes": file.stat().st_size, "sha256": sha256_of(file)}
        for file in files
    ]
