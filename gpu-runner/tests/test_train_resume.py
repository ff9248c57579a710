"""Broken off and gone on with: the same run, bit for bit."""

import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from gpu_runner.exits import EXIT_CODES
from gpu_runner.written_files import sha256_of
from tests.plans import example_rows, train_plan, write_jsonl
from tests.processes import Gang, Launcher

LAST_SNAPSHOT = "snapshots/epoch-0006/model.safetensors"


def newest_whole_checkpoint(gang: Gang, world_size: int = 2) -> tuple[int, Path]:
    """The newest step of which every rank has told."""
    steps = set.intersection(*({e["step"] for e in gang.events(r, "checkpoint")} for r in range(world_size)))
    return max(steps), gang.folder / f"checkpoints/step-{max(steps):08d}"


def go_on(launcher: Launcher, workspace: Path, folder: Path, step: int, path: Path, **changes: Any) -> Gang:
    plan = train_plan(workspace, resume={"step": step, "path": str(path)}, **changes)
    return launcher.start("train", plan, folder, world_size=plan["world_size"])


def assert_goes_on_as(resumed: Gang, unbroken: Gang, step: int) -> None:
    assert resumed.wait() == [0, 0], resumed.log()
    expected = {s: loss for s, loss in unbroken.losses().items() if s > step}
    assert expected
    assert resumed.losses(0) == expected
    assert resumed.losses(1) == expected
    assert resumed.events(0, "resumed")[0]["step"] == step
    assert sha256_of(resumed.folder / LAST_SNAPSHOT) == sha256_of(unbroken.folder / LAST_SNAPSHOT)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_rank_ends_the_other_at_once_and_resume_is_exact(
    seed: int, unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    total = len(unbroken.losses())
    victim, step = random.Random(seed).randrange(2), random.Random(seed).randrange(4, total - 6)
    broken = launcher.start("train", train_plan(workspace), tmp_path / "broken", world_size=2)
    broken.wait_for(lambda e: e["kind"] == "step" and e["step"] >= step, rank=victim)
    broken.signal(victim, signal.SIGKILL)
    # Seconds, not the collective timeout: the connection is closed by the kernel.
    codes = broken.wait(limit=20)
    assert codes[victim] == -signal.SIGKILL
    assert codes[1 - victim] == EXIT_CODES["lostPeer"], broken.log()
    assert broken.failure(1 - victim)["exit"] == "lostPeer"
    assert not broken.events(1 - victim, "interrupted")

    resumed = go_on(launcher, workspace, tmp_path / "resumed", *newest_whole_checkpoint(broken))
    assert_goes_on_as(resumed, unbroken, newest_whole_checkpoint(broken)[0])


def test_one_rank_asked_to_stop_stops_all_at_a_step_and_resume_is_exact(
    unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    broken = launcher.start("train", train_plan(workspace), tmp_path / "broken", world_size=2)
    broken.wait_for(lambda e: e["kind"] == "step" and e["step"] >= 4, rank=1)
    broken.signal(1, signal.SIGTERM)
    assert broken.wait() == [EXIT_CODES["interrupted"]] * 2, broken.log()
    steps = [broken.events(rank, "interrupted")[0]["step"] for rank in range(2)]
    step, path = newest_whole_checkpoint(broken)
    assert steps == [step, step]
    assert max(broken.losses()) == step
    assert not broken.events(0, "failed")
    assert_goes_on_as(go_on(launcher, workspace, tmp_path / "resumed", step, path), unbroken, step)


def test_a_finished_run_resumes_to_nothing(unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    step, path = newest_whole_checkpoint(unbroken)
    assert step == max(unbroken.losses())
    gang = go_on(launcher, workspace, tmp_path, step, path)
    assert gang.wait() == [0, 0], gang.log()
    assert gang.losses() == {}
    assert not (tmp_path / "snapshots").exists()


def test_zero_3_resumes_exactly(launcher: Launcher, workspace: Path, tmp_path: Path) -> None:
    whole = launcher.start("train", train_plan(workspace, zero_stage=3, epochs=1), tmp_path / "whole", world_size=2)
    assert whole.wait() == [0, 0], whole.log()
    path = whole.folder / "checkpoints/step-00000003"
    resumed = go_on(launcher, workspace, tmp_path / "resumed", 3, path, zero_stage=3, epochs=1)
    assert resumed.wait() == [0, 0], resumed.log()
    assert resumed.losses() == {s: loss for s, loss in whole.losses().items() if s > 3}
    weights = "snapshots/epoch-0001/model.safetensors"
    assert sha256_of(resumed.folder / weights) == sha256_of(whole.folder / weights)


def test_the_events_of_a_checkpoint_name_every_file_once_with_its_hash(unbroken: Gang) -> None:
    _, folder = newest_whole_checkpoint(unbroken)
    told = [f for rank in range(2) for f in unbroken.events(rank, "checkpoint")[-1]["files"]]
    assert {f["path"] for f in told} == {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert len({f["path"] for f in told}) == len(told)
    assert all(sha256_of(folder / f["path"]) == f["sha256"] for f in told)
    assert all((folder / f["path"]).stat().st_size == f["bytes"] for f in told)


def test_the_same_rows_in_another_number_of_micro_batches_go_on_from_a_checkpoint(
    unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    """The way on from a lack of memory, the other way round: equal but for rounding."""
    path = unbroken.folder / "checkpoints/step-00000003"
    gang = go_on(launcher, workspace, tmp_path, 3, path, micro_batch_rows=2, accumulation_steps=1)
    assert gang.wait() == [0, 0], gang.log()
    found, expected = (
        [event["loss"] for event in run.events(0, "step") if 3 < event["step"] <= 12] for run in (gang, unbroken)
    )
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("deepspeed/zero_pp_rank_1_mp_rank_00_optim_states.pt", "missing"),
        ("deepspeed/mp_rank_00_model_states.pt", "flipped"),
    ],
)
def test_a_damaged_checkpoint_is_refused_by_all_ranks(
    name: str, damage: str, unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(unbroken.folder / "checkpoints/step-00000003", folder)
    if damage == "missing":
        (folder / name).unlink()
    else:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)
    gang = go_on(launcher, workspace, tmp_path / "run", 3, folder)
    assert gang.wait() == [EXIT_CODES["checkpointIncomplete"]] * 2, gang.log()
    assert any(name in gang.failure(rank)["message"] for rank in range(2))
    assert gang.losses() == {}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"warmup_share": 0.5}, "warmup_share was 0.1, is 0.5"),
        ({"world_size": 1, "accumulation_steps": 4}, "world_size was 2, is 1"),
        ({"train_rows": "other.jsonl"}, "training rows"),
    ],
)
def test_another_run_is_refused_naming_the_difference(
    changes: dict[str, Any], named: str, unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    changed = example_rows(72, seed=1)
    changed[5]["completion"] = "has(nobody, 0, stones)</A>"
    write_jsonl(tmp_path / "other.jsonl", changed)
    gang = go_on(launcher, workspace, tmp_path, 3, unbroken.folder / "checkpoints/step-00000003", **changes)
    assert set(gang.wait()) == {EXIT_CODES["config"]}, gang.log()
    assert named in gang.failure()["message"]
