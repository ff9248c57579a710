"""Ways to compute the same training: ranks, ZeRO stages, and a plain PyTorch loop."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from gpu_runner.config import TrainPlan
from gpu_runner.encoding import encode_rows
from gpu_runner.plan_file import load_plan
from gpu_runner.rows import read_rows
from gpu_runner.schedule import learning_rate
from gpu_runner.tokenizer import open_tokenizer
from gpu_runner.train import batch_plan
from tests.plans import train_plan
from tests.processes import Gang, Launcher

# Steps that are compared: rounding differs from the first one on, and training multiplies it.
COMPARED = 12


def losses(gang: Gang) -> list[float]:
    return [event["loss"] for event in gang.events(0, "step")]


def norms(gang: Gang) -> list[float]:
    return [event["gradient_norm"] for event in gang.events(0, "step")]


def assert_trains_as(gang: Gang, other: Gang) -> None:
    assert len(losses(gang)) == len(losses(other)) > COMPARED
    assert losses(gang)[:COMPARED] == pytest.approx(losses(other)[:COMPARED], rel=1e-5)
    assert norms(gang)[:COMPARED] == pytest.approx(norms(other)[:COMPARED], rel=1e-4)


def weights(gang: Gang, epoch: int = 1) -> dict[str, torch.Tensor]:
    return load_file(gang.folder / f"snapshots/epoch-{epoch:04d}/model.safetensors")


def run(launcher: Launcher, workspace: Path, folder: Path, **changes: Any) -> Gang:
    plan = train_plan(workspace, **changes)
    gang = launcher.start("train", plan, folder, world_size=plan["world_size"])
    assert set(gang.wait()) == {0}, gang.log()
    return gang


def test_the_ranks_of_a_run_tell_the_same_losses(unbroken: Gang) -> None:
    assert len(unbroken.losses(0)) == unbroken.events(0, "planned")[0]["total_steps"]
    assert unbroken.losses(0) == unbroken.losses(1)


def test_loss_falls(unbroken: Gang) -> None:
    assert losses(unbroken)[-1] < 0.8 * losses(unbroken)[0]


def test_one_rank_and_two_ranks_train_alike(
    unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    alone = run(launcher, workspace, tmp_path, world_size=1, micro_batch_rows=2, accumulation_steps=2)
    assert_trains_as(alone, unbroken)
    validated = [gang.events(0, "validated")[0]["loss"] for gang in (alone, unbroken)]
    assert validated[0] == pytest.approx(validated[1], rel=1e-5)


@pytest.mark.parametrize("stage", [0, 1, 3])
def test_a_zero_stage_trains_as_stage_2_does(
    stage: int, unbroken: Gang, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    other = run(launcher, workspace, tmp_path, zero_stage=stage)
    assert_trains_as(other, unbroken)
    expected = weights(unbroken)
    for name, tensor in weights(other).items():
        torch.testing.assert_close(tensor, expected[name], rtol=1e-3, atol=1e-4)
    assert weights(other).keys() == expected.keys()


@pytest.mark.parametrize("stage", [0, 2, 3])
def test_bfloat16_with_activation_checkpointing_unclipped_trains_and_saves_bfloat16(
    stage: int, launcher: Launcher, workspace: Path, tmp_path: Path
) -> None:
    gang = run(
        launcher,
        workspace,
        tmp_path,
        zero_stage=stage,
        precision="bf16",
        activation_checkpointing=True,
        gradient_clipping=0,
        world_size=1,
        max_steps=3,
    )
    assert losses(gang)[-1] < losses(gang)[0]
    assert {tensor.dtype for tensor in weights(gang).values()} == {torch.bfloat16}


def test_losses_and_weights_are_those_of_a_plain_loop(unbroken: Gang, workspace: Path) -> None:
    """torch alone: every document by itself, mean over all target tokens of the step, AdamW, clipping."""

    plan = load_plan(unbroken.folder / "plan.json", "train")
    assert isinstance(plan, TrainPlan)
    tokenizer = open_tokenizer(plan.model)
    rows = encode_rows(tokenizer, read_rows(plan.train_rows), context_tokens=plan.context_tokens)
    batches = batch_plan(plan, rows, tokenizer)
    model: Any = AutoModelForCausalLM.from_pretrained(workspace / "tiny", dtype=torch.float32)
    groups = [
        {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": plan.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1.0, betas=plan.adam_betas, eps=plan.adam_epsilon)
    expected: list[float] = []
    total_steps = plan.epochs * batches.steps_per_epoch
    for step in range(1, COMPARED + 1):
        sums, num_targets = torch.zeros(()), 0
        for row in (row for packed in batches.bins_of_step(step) for row in packed):
            tokens = torch.tensor(rows.tokens[rows.starts[row] : rows.starts[row + 1]].tolist())
            prompt = int(rows.prompt_lengths[row])
            logits = model(input_ids=tokens[None]).logits[0]
            sums = sums + torch.nn.functional.cross_entropy(logits[prompt - 1 : -1], tokens[prompt:], reduction="sum")
            num_targets += len(tokens) - prompt
        loss = sums / num_targets
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), plan.gradient_clipping)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(
                step,
                total_steps=total_steps,
                peak=plan.learning_rate,
                kind=plan.schedule,
                warmup_share=plan.warmup_share,
            )
        optimizer.step()
        optimizer.zero_grad()
        expected.append(loss.item())
        if step == batches.steps_per_epoch:
            for name, tensor in weights(unbroken).items():
                torch.testing.assert_close(tensor, model.state_dict()[name], rtol=1e-3, atol=2e-4)
    assert losses(unbroken)[:COMPARED] == pytest.approx(expected, rel=2e-5)
