"""`train`: full-parameter training on DeepSpeed, one process a rank, from top to bottom.

The CUDA branch has not been run on a GPU.
"""

import logging
import math
import time
from dataclasses import dataclass
from typing import Any

import torch

from gpu_runner import checkpoint, snapshot
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
from gpu_runner.exceptions import ConfigError, DataError, DivergedError, Interrupted
from gpu_runner.model import assert_all_trainable, count_parameters, open_model, sum_cross_entropy
from gpu_runner.ranks import Ranks, join
from gpu_runner.rows import read_rows
from gpu_runner.schedule import learning_rate
from gpu_runner.stop import StopRequest
from gpu_runner.tokenizer import TaskTokenizer, check_context, open_tokenizer
from gpu_runner.written_files import describe_files, files_below

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
            trainer.checkpoint(step)
        if has_to_stop and not is_last:
            raise Interrupted(step)


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Trainer:
    """The acts of the loop; each is collective and tells of itself by an event."""

    plan: TrainPlan
    engine: Any
    model: Any
    tokenizer: TaskTokenizer
    batches: BatchPlan
    validation: BatchPlan | None
    ranks: Ranks
    events: EventLog
    total_steps: int
    identity: checkpoint.RunIdentity
    """What a checkpoint of this run must have in common with it."""

    def step(self, step: int, is_stop_asked: bool) -> bool:
        """One optimizer step; returns whether any rank was asked to stop.

        Raises DivergedError on all ranks, before the update, where loss or gradient is not finite.
        """
        began = time.monotonic()
        rate = learning_rate(
            step,
            total_steps=self.total_steps,
            peak=self.plan.learning_rate,
            kind=self.plan.schedule,
            warmup_share=self.plan.warmup_share,
        )
        for group in self.engine.optimizer.param_groups:
            group["lr"] = rate
        num_tokens, num_targets = self.batches.count_tokens(self.batches.bins_of_step(step))
        # DeepSpeed divides by accumulation steps and averages over ranks; this makes of it the sum
        # over all tokens of the step, divided by their number.
        scale = self.plan.accumulation_steps * self.plan.world_size / num_targets
        sums: list[torch.Tensor] = []
        has_to_stop = False
        loss, norm = math.nan, None
        self.engine.train()
        for micro in range(self.plan.accumulation_steps):
            batch = self.batches.micro_batch(step, micro, self.ranks.rank).to(self.ranks.device)
            sum_loss = sum_cross_entropy(self.engine, self.model, batch)
            self.engine.backward(sum_loss * scale)
            sums.append(sum_loss.detach().double())
            if micro == self.plan.accumulation_steps - 1:
                # One exchange before the update: the loss of all ranks, and whether any has to stop.
                total, stops = self.ranks.sum([float(torch.stack(sums).sum()), float(is_stop_asked)])
                loss, has_to_stop = total / num_targets, stops > 0
                self._refuse_divergence(step, loss, sums)
                norm = self._norm_before_update()
                if norm is not None and not math.isfinite(norm):
                    raise self._diverged(step, f"the gradient norm is {norm}", self.batches.bins_of_step(step))
            self.engine.step()
        if not self.engine.was_step_applied():
            raise self._diverged(step, "the gradient norm is not finite", self.batches.bins_of_step(step))
        self.events.emit(
            "step",
            step=step,
            epoch=step / self.batches.steps_per_epoch,
            loss=loss,
            loss_hex=loss.hex(),
            learning_rate=rate,
            gradient_norm=float(self.engine.get_global_grad_norm() if norm is None else norm),
            num_tokens=num_tokens,
            num_target_tokens=num_targets,
            seconds=time.monotonic() - began,
        )
        return has_to_stop

    def validate(self, step: int, epoch: int) -> None:
        """Loss per target token of the validation rows, over all ranks."""
        if self.validation is None:
            return
        self.events.phase("validate")
        began = time.monotonic()
        self.engine.eval()
        total = 0.0
        with torch.no_grad():
            for number in range(1, self.validation.steps_per_epoch + 1):
                batch = self.validation.micro_batch(number, 0, self.ranks.rank).to(self.ranks.device)
                total += float(sum_cross_entropy(self.engine, self.model, batch))
        num_targets = int(self.validation.rows.target_counts.sum())
        loss = self.ranks.sum([total])[0] / num_targets
        if not math.isfinite(loss):
            raise DivergedError(
                f"step {step}: the validation loss is {loss}; lower learning_rate or look at the validation rows"
            )
        self.events.emit(
            "validated",
            step=step,
            epoch=epoch,
            loss=loss,
            num_target_tokens=num_targets,
            seconds=time.monotonic() - began,
        )
        log.info("epoch %d: validation loss %.4f", epoch, loss)

    def snapshot(self, step: int, epoch: int) -> None:
        """Write the weights as a transformers directory; rank 0 tells of it."""
        self.events.phase("snapshot")
        began = time.monotonic()
        folder = snapshot.folder_of_epoch(self.plan.snapshots, epoch)
        snapshot.write(self.engine, self.model, self.tokenizer, folder, self.ranks)
        if self.ranks.is_first:
            self.events.emit(
                "snapshot",
                step=step,
                epoch=epoch,
                folder=str(folder),
                files=describe_files(folder, files_below(folder)),
                seconds=time.monotonic() - began,
            )
        self.events.phase("loop")

    def checkpoint(self, step: int) -> None:
        """Write the state of all ranks; each tells of its own files."""
        self.events.phase("checkpoint")
        began = time.monotonic()
        folder = checkpoint.folder_of_step(self.plan.checkpoints, step)
        files = checkpoint.save(self.engine, folder, self.ranks, step=step, identity=self.identity)
        self.events.emit(
            "checkpoint",
            step=step,
            folder=str(folder),
            files=files,
            seconds=time.monotonic() - began,
        )
        self.events.phase("loop")

    def _refuse_divergence(self, step: int, loss: float, sums: list[torch.Tensor]) -> None:
        """Raise on all ranks alike, since they have exchanged the loss."""
        if math.isfinite(loss):
            return
        # This rank's own micro-batches, where the fault is among them, else all of the step.
        mine = [
            row
            for micro, value in enumerate(sums)
            if not torch.isfinite(value)
            for row in self.batches.micro_batch_bins(step, micro, self.ranks.rank)
        ]
        raise self._diverged(step, f"the loss is {loss}", mine or self.batches.bins_of_step(step))

    def _norm_before_update(self) -> float | None:
        """Norm of the summed gradients where DeepSpeed leaves the check to us, else None.

        With float32 and no ZeRO the optimizer is torch's own. In every other case DeepSpeed takes
        the norm itself, and skips the update where it is not finite.
        """
        if self.plan.zero_stage > 0 or self.plan.precision != "fp32":
            return None
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients))

    def _diverged(self, step: int, fact: str, bins: list[list[int]]) -> DivergedError:
        rows = [self.batches.rows.ids[row] for packed in bins for row in packed]
        named = ", ".join(rows[:8]) + (f" and {len(rows) - 8} more" if len(rows) > 8 else "")
        return DivergedError(
            f"step {step}: {fact} with rows {named}; the weights are those of step {step - 1}; lower learning_rate or take the rows out"
        )
