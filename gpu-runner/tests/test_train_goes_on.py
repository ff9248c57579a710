"""Training that goes on: updates that are passed over, checkpoints that no disk has room for."""

import os
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch

from gpu_runner.exits import EXIT_CODES
from gpu_runner.trainer import MOST_CHECKPOINTS_SKIPPED, MOST_UPDATES_SKIPPED
from tests.plans import train_plan
from tests.processes import Gang, Launcher
from tests.spoiled import spoiled


def at_each_step(act: Any) -> None:
    """In the fork: call `act(step)` before each batch of a training step is made."""
    from gpu_runner.batches import BatchPlan

    original = BatchPlan.micro_batch

    def micro_batch(self: BatchPlan, step: int, micro: int, rank: int) -> Any:
        if torch.is_grad_enabled():
            act(step)
        return original(self, step, micro, rank)

    BatchPlan.micro_batch = micro_batch


def spoil(what: str, steps: tuple[int, ...]) -> None:
    """In the fork: on the last rank alone the loss or its gradient is not finite at these steps."""
    from gpu_runner import trainer

    if int(os.environ["RANK"]) != int(os.environ["WORLD_SIZE"]) - 1:
        return
    now = [0]
    at_each_step(lambda step: now.__setitem__(0, step))
    original = trainer.sum_cross_entropy

    def sum_of(*arguments: Any) -> torch.Tensor:
        value = original(*arguments)
        if now[0] not in steps or not torch.is_grad_enabled():
            return value
        return spoiled(value, what)

    trainer.sum_cross_entropy = sum_of


def skipped(gang: Gang, rank: int) -> dict[int, str]:
    return {e["step"]: e["skipped"] for e in gang.events(rank, "step") if e["skipped"] is not None}


@pytest.mark.parametrize(
    ("stage", "precision", "what"),
    [(0, "fp32", "gradient"), (2, "bf16", "gradient"), (3, "fp32", "loss")],
)
def test_what_is_not_finite_on_one_rank_is_passed_over_on_all_as_if_the_plan_had_said_so(
    stage: int, precision: str, what: str, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, epochs=1, zero_stage=stage, precision=precision, on_non_finite="skip")
    hurt = launcher.start("train", plan, tmp_path / "hurt", world_size=2, before=spoil, arguments=(what, (2, 4)))
    asked = launcher.start("train", plan | {"skip_steps": [2, 4]}, tmp_path / "asked", world_size=2)
    assert hurt.wait() == asked.wait() == [0, 0], hurt.log()
    for rank in range(2):
        assert skipped(hurt, rank) == {2: what, 4: what}
        assert skipped(asked, rank) == {2: "asked", 4: "asked"}
    trained = {step: loss for step, loss in hurt.losses().items() if step not in (2, 4)}
    assert len(trained) == len(hurt.losses()) - 2 > 2
    # The same weights, moments and schedule, bit for bit.
    assert trained == {step: loss for step, loss in asked.losses().items() if step not in (2, 4)}
    rates = [[e["learning_rate"] for e in run.events(0, "step")] for run in (hurt, asked)]
    assert rates[0] == rates[1]


def test_a_run_with_steps_passed_over_resumes_exactly(launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    plan = train_plan(workspace, epochs=1, on_non_finite="skip")
    fault = ("loss", (2, 5))
    whole = launcher.start("train", plan, tmp_path / "whole", world_size=2, before=spoil, arguments=fault)
    assert whole.wait() == [0, 0], whole.log()
    resume = {"step": 3, "path": str(whole.folder / "checkpoints/step-00000003")}
    again = plan | {"resume": resume}
    resumed = launcher.start("train", again, tmp_path / "resumed", world_size=2, before=spoil, arguments=fault)
    assert resumed.wait() == [0, 0], resumed.log()
    assert resumed.losses() == {step: loss for step, loss in whole.losses().items() if step > 3}
    assert skipped(resumed, 1) == {5: "loss"}


def test_too_many_updates_passed_over_in_a_row_are_the_weights_and_no_step_is_to_blame(
    launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, world_size=1, on_non_finite="skip", epochs=2)
    steps = tuple(range(3, 100))
    gang = launcher.start("train", plan, tmp_path, before=spoil, arguments=("loss", steps))
    assert gang.wait() == [EXIT_CODES["diverged"]], gang.log()
    assert list(skipped(gang, 0)) == list(range(3, 3 + MOST_UPDATES_SKIPPED))
    assert gang.failure()["step"] is None
    assert f"({MOST_UPDATES_SKIPPED} are passed over)" in gang.failure()["message"]


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 4 MiB; a file `filler` leaves 200 KiB of it, which is less than a checkpoint or the weights."""
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: mounting a small tmpfs needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4096k", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"NOT RUN: a tmpfs cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        (folder / "filler").write_bytes(bytes((4096 - 200) * 1024))
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def free_at(step: int, filler: str) -> None:
    at_each_step(lambda now: Path(filler).unlink(missing_ok=True) if now >= step else None)


def free_while_waiting(filler: str) -> None:
    from gpu_runner import snapshot

    assert snapshot.SECONDS_BETWEEN_ATTEMPTS >= 5
    time.sleep = lambda _: Path(filler).unlink(missing_ok=True)


def wait_briefly() -> None:
    from gpu_runner import snapshot

    snapshot.SECONDS_BETWEEN_ATTEMPTS = 0.01


def test_a_full_disk_in_the_middle_of_a_save_costs_the_checkpoint_and_not_a_step(
    disk: Path, unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, checkpoints=str(disk / "checkpoints"), checkpoint_every_steps=6, epochs=6)
    gang = launcher.start("train", plan, tmp_path, world_size=2, before=free_at, arguments=(8, str(disk / "filler")))
    assert gang.wait() == [0, 0], gang.log()
    for rank in range(2):
        first, second, *_ = gang.events(rank, "checkpoint")
        assert (first["step"], first["files"], first["skipped"]["in_a_row"]) == (6, [], 1)
        assert "disk" in first["skipped"]["why"]
        assert (second["step"], second["skipped"]) == (12, None)
        assert second["files"]
    assert not (disk / "checkpoints/step-00000006").exists()
    assert gang.losses() == unbroken.losses()


def test_a_disk_that_stays_full_ends_all_ranks_after_some_checkpoints(
    disk: Path, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, checkpoints=str(disk / "checkpoints"))
    gang = launcher.start("train", plan, tmp_path, world_size=2)
    assert gang.wait() == [EXIT_CODES["diskFull"]] * 2, gang.log()
    for rank in range(2):
        told = [(e["step"], e["skipped"]["in_a_row"]) for e in gang.events(rank, "checkpoint")]
        assert told == [(3 * n, n) for n in range(1, MOST_CHECKPOINTS_SKIPPED + 1)]
        assert "free space" in gang.failure(rank)["message"]
    assert list((disk / "checkpoints").iterdir()) == []


def test_weights_of_an_epoch_wait_for_space_and_are_whole_then(
    disk: Path, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, world_size=1, epochs=1, snapshots=str(disk / "snapshots"))
    filler = disk / "filler"
    with filler.open("ab") as file:
        file.write(bytes(150 * 1024))
    gang = launcher.start("train", plan, tmp_path, before=free_while_waiting, arguments=(str(filler),))
    assert gang.wait() == [0], gang.log()
    assert [e["epoch"] for e in gang.events(0, "snapshot")] == [1]
    assert [path.name for path in (disk / "snapshots").iterdir()] == ["epoch-0001"]


def test_weights_that_no_disk_has_room_for_end_all_ranks(
    disk: Path, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, epochs=1, snapshots=str(disk / "snapshots"))
    with (disk / "filler").open("ab") as file:
        file.write(bytes(150 * 1024))
    gang = launcher.start("train", plan, tmp_path, world_size=2, before=wait_briefly)
    assert gang.wait() == [EXIT_CODES["diskFull"]] * 2, gang.log()
    assert list((disk / "snapshots").iterdir()) == []
