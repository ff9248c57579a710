"""Fixtures that many files share; runs that take long are made once a session."""

import os

# Before torch is loaded anywhere: one thread a process, as the ranks have, and no accelerator search.
os.environ.update(OMP_NUM_THREADS="1", DS_ACCELERATOR="cpu", HF_HUB_OFFLINE="1", DS_LOG_LEVEL="warning")
os.environ["TORCHDYNAMO_DISABLE"] = "1"
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

from pathlib import Path

import pytest

from tests.plans import example_rows, init_plan, train_plan, write_jsonl
from tests.processes import Gang, Launcher


@pytest.fixture(scope="session")
def launcher() -> Launcher:
    return Launcher()


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Path:
    """rows, validation rows, and `tiny`: a model of 2 layers that knows the task's tokens."""
    folder = tmp_path_factory.mktemp("workspace")
    write_jsonl(folder / "rows.jsonl", example_rows(72, seed=1))
    write_jsonl(folder / "validation.jsonl", example_rows(12, seed=2))
    gang = launcher.start("init", init_plan(folder / "rows.jsonl", folder / "tiny"), folder / "init")
    assert gang.wait() == [0], gang.log()
    return folder


@pytest.fixture(scope="session")
def unbroken(workspace: Path, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Gang:
    """Two ranks, ZeRO-2, 6 epochs with accumulation; a checkpoint every 3 steps."""
    gang = launcher.start("train", train_plan(workspace), tmp_path_factory.mktemp("unbroken"), world_size=2)
    assert gang.wait() == [0, 0], gang.log()
    return gang
