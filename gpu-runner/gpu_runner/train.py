"""`train`: full-parameter training on DeepSpeed, one process a rank, from top to bottom.

The CUDA branch has not been run on a GPU.
"""

import logging
from typing import Any

import torch

from gpu_runner import checkpoint
from gpu_runner.batches import BatchPlan
from gpu_runner.config import TrainPlan
from gpu_runner.deepspeed_config import (
    engine_config,
    skip_compilation,
    zero3_loading_config,
)
from gpu_runner.encoding import EncodedRows, encode_rows
from gpu_runner.environment import prepare_environment
from gpu_runner.events import EventLog
from gpu_runner.exceptions import ConfigError, DataError, Interrupted
from gpu_runner.model import assert_all_trainable, count_parameters, open_model
from gpu_runner.ranks import join
from gpu_runner.rows import read_rows
from gpu_runner.stop import StopRequest
from gpu_runner.tokenizer import TaskTokenizer, check_context, open_tokenizer
from gpu_runner.trainer import Trainer

log = logging.getLogger(__name__)


def run(plan: TrainPlan, events: EventLog, stop: StopRequest) -> None:
    """Train from the beginning or from a checkpoint to the end of the plan; collective over all ranks.

    Raises the failures of exceptions.py; Interrupted after a checkpoint, where a stop was asked for.
    """
    prepare_environment(plan.device)
    import deepspeed

    configure_torch(plan)
    ranks = join(plan.device, plan.world_size)
    skip_compilation(plan.device)
    deepspeed.init_distributed("nccl" if plan.device == "cuda" else "gloo", verbose=False)

    events.phase("data")
    check_context(plan.model.path, plan.context_tokens)
    tokenizer = open_tokenizer(plan.model)
    rows = encode_rows(tokenizer, read_rows(plan.train_rows), context_tokens=plan.context_tokens)
    if not rows.ids:
        raise DataError(
            f"{plan.train_rows}: the prompt of each of its {rows.dropped_rows} rows fills the context of {plan.context_tokens} tokens; raise context_tokens"
        )
    batches = batch_plan(plan, rows, tokenizer)
    validation = validation_batches(plan, tokenizer)
    total_steps = plan.max_steps or plan.epochs * batches.steps_per_epoch

    events.phase("model")
    loading_config = hold_zero3_config(plan)
    model = open_model(plan.model.path, tokenizer, plan.precision)
    del loading_config
    assert_all_trainable(model)
    if plan.activation_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    num_parameters = count_parameters(model)
    emit_planned(events, batches, num_parameters, total_steps)

    events.phase("engine")
    engine, *_ = deepspeed.initialize(
        model=model, optimizer=optimizer_of(plan, model), config=engine_config(plan, num_parameters)
    )
    identity = checkpoint.identity_of(plan, total_steps=total_steps, data_sha256=rows.sha256())
    trainer = Trainer(
        plan=plan,
        engine=engine,
        model=model,
        tokenizer=tokenizer,
        batches=batches,
        validation=validation,
        ranks=ranks,
        events=events,
        total_steps=total_steps,
        identity=identity,
    )

    first_step = 1
    if plan.resume is not None:
        events.phase("restore")
        checkpoint.restore(engine, plan.resume, ranks, identity)
        first_step = plan.resume.step + 1
        trainer.state.saved_step = plan.resume.step
        events.emit("resumed", step=plan.resume.step)
        log.info("resumed after step %d of %d", plan.resume.step, total_steps)

    events.phase("loop")
    stop.defer()
    # A signal before this point has ended its rank already; from here on all ranks agree.
    for step in range(first_step, total_steps + 1):
        has_to_stop = trainer.step(step, stop.requested)
        is_last = step == total_steps
        if is_last or (plan.max_steps is None and step % batches.steps_per_epoch == 0):
            epoch = 1 if plan.max_steps is not None else step // batches.steps_per_epoch
            trainer.validate(step, epoch)
            # Before the checkpoint: a run that goes on from it has this epoch's weights behind it.
            trainer.snapshot(step, epoch)
        if is_last or has_to_stop or step % plan.checkpoint_every_steps == 0:
            trainer.checkpoint(step, is_needed=not is_last and not has_to_stop)
        if has_to_stop and not is_last:
            raise Interrupted(trainer.state.saved_step)


def configure_torch(plan: TrainPlan) -> None:
    """Seed, and on CPU the same bits from the same input."""
    torch.manual_seed(plan.seed)
    if plan.device == "cpu":
        torch.use_deterministic_algorithms(True)
        # Filling fresh memory is for finding faults in kernels, and costs a pass over each tensor.
        setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 (untyped)
    elif not torch.cuda.is_available():
        raise ConfigError("device: cuda is planned, but torch finds no GPU; plan for cpu or mend the driver")


def batch_plan(plan: TrainPlan, rows: EncodedRows, tokenizer: TaskTokenizer) -> BatchPlan:
    """The training batches of a plan."""
    return BatchPlan(
        rows=rows,
        context_tokens=plan.context_tokens,
        pad_id=tokenizer.pad_id,
        seed=plan.seed,
        micro_batch_rows=plan.micro_batch_rows,
        accumulation_steps=plan.accumulation_steps,
        world_size=plan.world_size,
        is_fullest_first=plan.max_steps is not None,
    )


def validation_batches(plan: TrainPlan, tokenizer: TaskTokenizer) -> BatchPlan | None:
    """The validation rows, packed once; every rank makes the same number of forwards."""
    if plan.validation_rows is None:
        return None
    rows = encode_rows(tokenizer, read_rows(plan.validation_rows), context_tokens=plan.context_tokens)
    if not rows.ids:
        raise DataError(
            f"{plan.validation_rows}: no row has a target within {plan.context_tokens} tokens; raise context_tokens"
        )
    return BatchPlan(
        rows=rows,
        context_tokens=plan.context_tokens,
        pad_id=tokenizer.pad_id,
        seed=plan.seed,
        micro_batch_rows=plan.micro_batch_rows,
        accumulation_steps=1,
        world_size=plan.world_size,
    )


def hold_zero3_config(plan: TrainPlan) -> Any:
    """While the result is alive, transformers builds models in shards; None below stage 3."""
    if plan.zero_stage < 3:
        return None
    from transformers.integrations.deepspeed import HfDeepSpeedConfig

    return HfDeepSpeedConfig(zero3_loading_config(plan))


def optimizer_of(plan: TrainPlan, model: torch.nn.Module) -> torch.optim.AdamW:
    """AdamW over all parameters; matrices decay, norms and biases do not."""

    def is_matrix(parameter: torch.Tensor) -> bool:
        return len(getattr(parameter, "ds_shape", parameter.shape)) >= 2

    parameters = list(model.parameters())
    groups: list[dict[str, Any]] = [{"params": parameters}]
    if plan.weight_decay > 0:
        groups = [
            {"params": [p for p in parameters if is_matrix(p)]},
            {"params": [p for p in parameters if not is_matrix(p)], "weight_decay": 0.0},
        ]
    return torch.optim.AdamW(
        groups,
        lr=plan.learning_rate,
        betas=plan.adam_betas,
        eps=plan.adam_epsilon,
        weight_decay=plan.weight_decay,
    )


def emit_planned(events: EventLog, batches: BatchPlan, num_parameters: int, total_steps: int) -> None:
    """What the run is going to be."""
    num_tokens = int(batches.rows.lengths.sum())
    events.emit(
        "planned",
        num_parameters=num_parameters,
        packed_rows=batches.num_bins,
        packing_efficiency=num_tokens / (batches.num_bins * batches.context_tokens),
        num_tokens=num_tokens,
        num_target_tokens=int(batches.rows.target_counts.sum()),
        steps_per_epoch=batches.steps_per_epoch,
        total_steps=total_steps,
        truncated_rows=batches.rows.truncated_rows,
        dropped_rows=batches.rows.dropped_rows,
    )
