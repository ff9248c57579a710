"""Checkpoints: DeepSpeed's state, each rank's random state, and a record that proves both.

A folder step-00000100 holds, for every rank n, `rank-0000n.pt` (random state) and `rank-0000n.json`
(record: step, identity of the run, size and hash of the files that the rank owns), and `deepspeed/`.
Rank n owns its own shards and its random state; rank 0 owns what is shared as well.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from gpu_runner.config import Resume, TrainPlan
from gpu_runner.disk_guard import DiskGuard
from gpu_runner.exceptions import CheckpointError, ConfigError, DiskFullError
from gpu_runner.ranks import Ranks
from gpu_runner.written_files import WrittenFile, describe_files, files_below, sha256_of

STATE_TAG = "deepspeed"
_SHARD = re.compile(r"zero_pp_rank_(\d+)_mp_rank_\d+_(model|optim)_states\.pt$")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunIdentity:
    """What must be equal for a resumed run to be the run that was broken off."""

    world_size: int
    zero_stage: int
    arithmetic: dict[str, Any]
    """Fields of the plan that decide the numbers."""
    data_sha256: str
    """Over tokens, borders and ids of the training rows."""


def identity_of(plan: TrainPlan, *, total_steps: int, data_sha256: str) -> RunIdentity:
    """The identity of a run.

    How a step's rows are split into micro-batches and accumulation is left out: it changes no more
    than rounding, and halving the micro-batch is the way on from a lack of memory. So is the peak
    learning rate, which holds from a step on: a lower one is the way on from a loss that diverged.
    """
    return RunIdentity(
        world_size=plan.world_size,
        zero_stage=plan.zero_stage,
        arithmetic={
            "seed": plan.seed,
            "context_tokens": plan.context_tokens,
            "rows_per_step": plan.rows_per_step,
            "total_steps": total_steps,
            "schedule": plan.schedule,
            "warmup_share": plan.warmup_share,
            "adam_betas": list(plan.adam_betas),
            "adam_epsilon": plan.adam_epsilon,
            "weight_decay": plan.weight_decay,
            "gradient_clipping": plan.gradient_clipping,
            "precision": plan.precision,
            "device": plan.device,
        },
        data_sha256=data_sha256,
    )


def folder_of_step(checkpoints: Path, step: int) -> Path:
    """Where the checkpoint of a step is written."""
    return checkpoints / f"step-{step:08d}"


def save(engine: Any, folder: Path, ranks: Ranks, *, step: int, identity: RunIdentity) -> list[WrittenFile]:
    """Write the checkpoint; collective. Returns the files that this rank owns.

    The folder is made afresh: DeepSpeed leaves the shards of an earlier attempt beside new ones.
    Raises DiskFullError on all ranks, with nothing left behind, where the space of one does not last.
    """
    guard = DiskGuard()
    written: list[WrittenFile] = []

    def make_folder() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        (folder / STATE_TAG).mkdir(parents=True)

    def describe() -> None:
        files = describe_files(folder, [f for f in files_below(folder) if _owner_of(f.name) == ranks.rank])
        record = {"step": step, "rank": ranks.rank, **asdict(identity), "files": files}
        record_path = folder / _record_name(ranks.rank)
        record_path.write_text(json.dumps(record, indent=1), encoding="utf-8")
        written.extend([*files, *describe_files(folder, [record_path])])

    if ranks.is_first_of_node:
        guard.attempt(make_folder)
    guard.agree(ranks)
    with _guarded_writes(engine, guard):
        # `latest` would be written before the other ranks are done, and point to a partial state.
        engine.save_checkpoint(str(folder), tag=STATE_TAG, save_latest=False)
    guard.attempt(lambda: torch.save(_random_state(), folder / _random_state_name(ranks.rank)))
    guard.attempt(describe)
    try:
        guard.agree(ranks)
    except DiskFullError:
        if ranks.is_first_of_node:
            shutil.rmtree(folder, ignore_errors=True)
        # Not before the space is free again: the next thing that is written may be a rank's event.
        ranks.barrier()
        raise
    return written


@contextlib.contextmanager
def _guarded_writes(engine: Any, guard: DiskGuard) -> Generator[None]:
    """Inside, a write of DeepSpeed that finds the disk full is kept for later.

    Its save has barriers between the writes of a rank: one that left it in the middle would keep the others waiting.
    """
    writer = engine.checkpoint_engine
    save, copy_scripts = writer.save, engine._copy_recovery_script

    def keeping(write: Callable[..., None]) -> Callable[..., None]:
        return lambda *arguments, **named: guard.attempt(lambda: write(*arguments, **named))

    writer.save, engine._copy_recovery_script = keeping(save), keeping(copy_scripts)
    try:
        yield
    finally:
        writer.save, engine._copy_recovery_script = save, copy_scripts


def restore(engine: Any, resume: Resume, ranks: Ranks, identity: RunIdentity) -> None:
    """Load a checkpoint after it has been verified; collective.

    Raises CheckpointError naming the file that is missing or torn, ConfigError naming what differs from
    the run that wrote it: on every rank, so that none is left waiting.
    """
    problem: ConfigError | CheckpointError | None = None
    try:
        _verify(resume, ranks, identity)
    except (ConfigError, CheckpointError) as error:
        problem = error
    if ranks.any(problem is not None):
        raise problem or CheckpointError(f"{resume.path}: another rank refused its part of it; its log names the file")
    # A missing state makes DeepSpeed warn and return (None, None): training would begin afresh.
    loaded, _ = engine.load_checkpoint(str(resume.path), tag=STATE_TAG, load_lr_scheduler_states=False)
    if loaded is None:
        raise CheckpointError(f"{resume.path}: DeepSpeed found no state in it; go on from an earlier checkpoint")
    state = torch.load(resume.path / _random_state_name(ranks.rank), weights_only=True)
    torch.set_rng_state(state["cpu"])
    if ranks.device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], ranks.device)


def _verify(resume: Resume, ranks: Ranks, identity: RunIdentity) -> None:
    """Check this rank's record and files, and, once on each node, those shared by all."""
    record = _read_record(resume.path, ranks.rank, identity)
    if record["step"] != resume.step:
        raise ConfigError(
            f"resume.step: {resume.path} is of step {record['step']}, not {resume.step}; name its own step"
        )
    _refuse_other_run(record, identity, resume.path)
    records = [record]
    if ranks.is_first_of_node and not ranks.is_first:
        records.append(_read_record(resume.path, 0, identity))
    for written in (file for record in records for file in record["files"]):
        path = resume.path / written["path"]
        if not path.is_file():
            raise CheckpointError(f"{path}: is missing; fetch the checkpoint again or go on from an earlier one")
        if path.stat().st_size != written["bytes"]:
            raise CheckpointError(
                f"{path}: has {path.stat().st_size} bytes, was written with {written['bytes']}; fetch it again or go on from an earlier checkpoint"
            )
        if sha256_of(path) != written["sha256"]:
            raise CheckpointError(
                f"{path}: is not what was written (SHA-256 differs); fetch it again or go on from an earlier checkpoint"
            )


def _read_record(folder: Path, rank: int, identity: RunIdentity) -> dict[str, Any]:
    path = folder / _record_name(rank)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        _ = record["step"], record["files"]
        return record
    except FileNotFoundError:
        found = len(list(folder.glob("rank-*.json")))
        if rank >= found > 0:
            raise ConfigError(
                f"world_size: {folder} was written by {found} ranks, {identity.world_size} are started; start as many or train from the beginning"
            ) from None
        raise CheckpointError(f"{path}: is missing; fetch the checkpoint again or go on from an earlier one") from None
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path}: is torn; fetch it again or go on from an earlier checkpoint") from None


def _refuse_other_run(record: dict[str, Any], identity: RunIdentity, folder: Path) -> None:
    expected = asdict(identity)
    pairs = [(name, record.get(name), expected[name]) for name in ("world_size", "zero_stage")]
    written: dict[str, Any] = record.get("arithmetic", {})
    pairs += [(name, written.get(name), value) for name, value in identity.arithmetic.items()]
    differing = [f"{name} was {was}, is {now}" for name, was, now in pairs if was != now]
    if record.get("data_sha256") != identity.data_sha256:
        differing.append("the training rows or the tokenizer differ")
    if differing:
        raise ConfigError(
            f"{folder} is of another run: {'; '.join(differing)}; undo the change or train from the beginning"
        )


def _owner_of(file_name: str) -> int:
    if match := _SHARD.search(file_name):
        return int(match.group(1))
    if match := re.fullmatch(r"rank-(\d+)\.(pt|json)", file_name):
        return int(match.group(1))
    return 0


def _random_state() -> dict[str, torch.Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _random_state_name(rank: int) -> str:
    return f"rank-{rank:05d}.pt"


def _record_name(rank: int) -> str:
    return f"rank-{rank:05d}.json"
