"""Training that must not go on: not finite, silent peers, no memory."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from gpu_runner.exits import EXIT_CODES
from tests.plans import example_rows, train_plan, write_jsonl
from tests.poisoned import POISON, write_poisoned
from tests.processes import Gang, Launcher
from tests.spoiled import spoiled


def count_updates(log: Path) -> None:
    """Let every optimizer update leave a letter in `log`."""
    original = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, closure: Any = None) -> Any:
        with log.open("a") as file:
            file.write("u")
        return original(self, closure)

    torch.optim.AdamW.step = step


def spoil_third_step(what: str) -> None:
    """In the fork: the loss or its gradient is not finite in the third forward."""
    from gpu_runner import trainer

    count_updates(Path("updates"))
    original, calls = trainer.sum_cross_entropy, iter(range(1, 1000))

    def sum_of(*arguments: Any) -> torch.Tensor:
        value = original(*arguments)
        if next(calls) != 3:
            return value
        return spoiled(value, what)

    trainer.sum_cross_entropy = sum_of


@pytest.mark.parametrize(
    ("stage", "precision", "what"),
    [
        (0, "fp32", "loss"),
        (0, "fp32", "gradient"),
        (2, "fp32", "gradient"),
        (2, "bf16", "gradient"),
        (3, "fp32", "gradient"),
    ],
)
def test_what_is_not_finite_stops_before_the_update(
    stage: int, precision: str, what: str, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, world_size=1, accumulation_steps=1, zero_stage=stage, precision=precision)
    gang = launcher.start("train", plan, tmp_path, before=spoil_third_step, arguments=(what,))
    assert gang.wait() == [EXIT_CODES["diverged"]], gang.log()
    assert max(gang.losses()) == 2
    updates_a_step = len((tmp_path / "updates").read_text()) / 2
    assert updates_a_step in (1, 2), "two steps' updates, one for each parameter group at most"
    message = gang.failure()["message"]
    assert "step 3" in message
    assert "row-1-" in message


def test_a_row_that_is_not_finite_on_one_rank_stops_all_and_is_named(
    launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    write_poisoned(workspace / "tiny", tmp_path / "tiny")
    rows = example_rows(72, seed=1)
    rows[40] |= {"id": "poisoned", "prompt": f"<Q>{POISON} has 3 pens.</Q><A>"}
    plan = train_plan(tmp_path, validation_rows=None, train_rows=str(write_jsonl(tmp_path / "rows.jsonl", rows)))
    gang = launcher.start("train", plan, tmp_path / "run", world_size=2)
    assert gang.wait() == [EXIT_CODES["diverged"]] * 2, gang.log()
    assert any("poisoned" in gang.failure(rank)["message"] for rank in range(2))
    assert gang.failure(0)["message"].split(":")[0] == gang.failure(1)["message"].split(":")[0]


def test_a_peer_that_is_connected_but_silent_is_a_hang(launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    gang = launcher.start(
        "train", train_plan(workspace), tmp_path, world_size=2, environment={"GPU_RUNNER_COLLECTIVE_SECONDS": "4"}
    )
    gang.wait_for(lambda e: e["kind"] == "step" and e["step"] >= 2)
    gang.signal(1, signal.SIGSTOP)
    gang.wait_for_state(1, "T")
    gang.signal(0, signal.SIGUSR1)
    gang.processes[0].join(60)
    gang.signal(1, signal.SIGKILL)
    assert gang.wait() == [EXIT_CODES["hang"], -signal.SIGKILL], gang.log()
    # What it waited in, though it waited outside of Python.
    whole_log = (tmp_path / "log-0.txt").read_text(encoding="utf-8")
    assert "all_reduce" in whole_log.partition("most recent call first")[2]


def test_stacks_are_printed_on_request_and_training_goes_on(
    launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    gang = launcher.start("train", train_plan(workspace, world_size=1, accumulation_steps=4), tmp_path)
    step = gang.wait_for(lambda e: e["kind"] == "step")["step"]
    gang.signal(0, signal.SIGUSR1)
    assert gang.wait() == [0], gang.log()
    # The whole of it: how much the stacks and what follows them print depends on the moment.
    assert "most recent call first" in (tmp_path / "log-0.txt").read_text(encoding="utf-8")
    assert max(gang.losses()) > step


def test_a_refused_allocation_is_out_of_memory(launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    # 2^22 packed rows of 96 tokens: the first tensor alone is far above any machine of tests.
    plan = train_plan(workspace, world_size=1, micro_batch_rows=2**36, accumulation_steps=1)
    gang = launcher.start("train", plan, tmp_path)
    assert gang.wait() == [EXIT_CODES["outOfMemory"]], gang.log()
    assert "micro_batch_rows" in gang.failure()["message"]


def test_rows_that_leave_no_target_are_refused_not_trained_to_zero_loss(
    launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    plan = train_plan(workspace, world_size=1, context_tokens=4)
    gang = launcher.start("train", plan, tmp_path)
    assert gang.wait() == [EXIT_CODES["data"]], gang.log()
    assert "raise context_tokens" in gang.failure()["message"]


def test_a_smoke_test_takes_the_fullest_rows_first_and_leaves_checkpoint_and_snapshot(
    unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    gang = launcher.start("train", train_plan(workspace, max_steps=2), tmp_path, world_size=2)
    assert gang.wait() == [0, 0], gang.log()
    assert list(gang.losses()) == [1, 2]
    assert [e["step"] for e in gang.events(0, "checkpoint")] == [2]
    assert [(e["step"], e["epoch"]) for e in gang.events(0, "snapshot")] == [(2, 1)]
    fullest = gang.events(0, "step")[0]["num_target_tokens"]
    assert fullest >= max(e["num_target_tokens"] for e in unbroken.events(0, "step"))
