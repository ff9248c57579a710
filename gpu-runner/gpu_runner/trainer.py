"""The acts of the training loop: a step, the loss on validation, a snapshot, a checkpoint."""

import logging
import math
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from gpu_runner import checkpoint, snapshot
from gpu_runner.batches import BatchPlan
from gpu_runner.config import TrainPlan
from gpu_runner.events import EventLog
from gpu_runner.exceptions import DiskFullError, DivergedError
from gpu_runner.model import sum_cross_entropy
from gpu_runner.ranks import Ranks
from gpu_runner.schedule import learning_rate
from gpu_runner.tokenizer import TaskTokenizer
from gpu_runner.written_files import describe_files, files_below

log = logging.getLogger(__name__)

# An update that is passed over leaves the weights as they are, so each further one is another batch
# on the same weights: one or two can be bad rows, after five it is the weights.
MOST_UPDATES_SKIPPED = 5

# Each costs an interval of steps more to do again after a fault; at the third one space has been
# wanting for two whole intervals, and nothing of ours is going to free it.
MOST_CHECKPOINTS_SKIPPED = 3

Skip = Literal["asked", "loss", "gradient"]


@dataclass(kw_only=True, slots=True)
class LoopState:
    """What the loop remembers from one act to the next; none of it touches the arithmetic."""

    saved_step: int = 0
    """Of the newest checkpoint; 0 where there is none."""
    updates_skipped: int = 0
    """In a row, for what was not finite."""
    checkpoints_skipped: int = 0
    """In a row."""


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
    state: LoopState = field(default_factory=LoopState)

    def step(self, step: int, is_stop_asked: bool) -> bool:
        """One optimizer step; returns whether any rank was asked to stop.

        What is not finite on one rank is met on all, before the update: DivergedError, or the update
        is passed over, as the plan says. A step that is passed over counts: schedule and data go on.
        """
        began = time.monotonic()
        rate = learning_rate(
            step,
            total_steps=self.total_steps,
            peak=self.plan.learning_rate,
            kind=self.plan.schedule,
            warmup_share=self.plan.warmup_share,
        )
        loss: float | None = None
        norm: float | None = None
        skipped: Skip | None = "asked"
        if step in self.plan.skip_steps:
            has_to_stop = self.ranks.any(is_stop_asked)
        else:
            for group in self.engine.optimizer.param_groups:
                group["lr"] = rate
            loss, has_to_stop = self._gradients(step, is_stop_asked)
            norm, skipped = self._update(step, loss)
            if skipped is not None:
                log.warning("step %d: the %s is not finite; the update is passed over", step, skipped)
        num_tokens, num_targets = self.batches.count_tokens(self.batches.bins_of_step(step))
        self.events.emit(
            "step",
            step=step,
            epoch=step / self.batches.steps_per_epoch,
            # NaN is not JSON.
            loss=None if skipped == "loss" else loss,
            loss_hex=None if loss is None or skipped == "loss" else loss.hex(),
            learning_rate=rate,
            gradient_norm=norm,
            skipped=skipped,
            num_tokens=num_tokens,
            num_target_tokens=num_targets,
            seconds=time.monotonic() - began,
        )
        return has_to_stop

    def _gradients(self, step: int, is_stop_asked: bool) -> tuple[float, bool]:
        """Forward and backward of the step's micro-batches: (loss over all ranks, whether any has to stop)."""
        _, num_targets = self.batches.count_tokens(self.batches.bins_of_step(step))
        # DeepSpeed divides by accumulation steps and averages over ranks; this makes of it the sum
        # over all tokens of the step, divided by their number.
        scale = self.plan.accumulation_steps * self.plan.world_size / num_targets
        self.engine.train()
        sum_loss = self._forward(step, 0)
        sums = [sum_loss.detach().double()]
        for micro in range(1, self.plan.accumulation_steps):
            self.engine.backward(sum_loss * scale)
            self.engine.step()
            sum_loss = self._forward(step, micro)
            sums.append(sum_loss.detach().double())
        # One exchange a step, before the last backward: the loss of all ranks, and whether any has to stop.
        total, stops = self.ranks.sum([float(torch.stack(sums).sum()), float(is_stop_asked)])
        loss = total / num_targets
        if not math.isfinite(loss):
            self._meet_non_finite(step, f"the loss is {loss}", self._bins_not_finite(step, sums))
            # An infinite loss can have finite gradients. NaN has none, so that DeepSpeed, which passes
            # over an update whose gradient is not finite on any rank, is certain to.
            scale = math.nan
        self.engine.backward(sum_loss * scale)
        return loss, stops > 0

    def _forward(self, step: int, micro: int) -> torch.Tensor:
        batch = self.batches.micro_batch(step, micro, self.ranks.rank).to(self.ranks.device)
        return sum_cross_entropy(self.engine, self.model, batch)

    def _update(self, step: int, loss: float) -> tuple[float | None, Skip | None]:
        """The optimizer's step: (gradient norm, why the update was passed over)."""
        norm = self._norm_before_update()
        if norm is not None and not math.isfinite(norm):
            if math.isfinite(loss):
                self._meet_non_finite(step, f"the gradient norm is {norm}", self.batches.bins_of_step(step))
            self._drop_gradients()
            return None, "gradient" if math.isfinite(loss) else "loss"
        self.engine.step()
        if self.engine.was_step_applied():
            assert math.isfinite(loss), "an update was made of a loss that is not finite"
            self.state.updates_skipped = 0
            return float(self.engine.get_global_grad_norm() if norm is None else norm), None
        if not math.isfinite(loss):
            return None, "loss"
        self._meet_non_finite(step, "the gradient norm is not finite", self.batches.bins_of_step(step))
        return None, "gradient"

    def _drop_gradients(self) -> None:
        """What DeepSpeed does of itself where it checks for overflow: forget the gradients, count the step.

        Its own step cannot be asked: it would clip, and fails where no parameter has a gradient.
        """
        self.model.zero_grad(set_to_none=True)
        self.engine.micro_steps += 1
        self.engine.global_steps += 1
        self.engine.skipped_steps += 1

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

    def checkpoint(self, step: int, *, is_needed: bool) -> None:
        """Write the state of all ranks; each tells of its own files.

        For want of space on any rank none is written, and training goes on; raises DiskFullError where that
        comes again and again and more steps are at stake (`is_needed`).
        """
        self.events.phase("checkpoint")
        began = time.monotonic()
        folder = checkpoint.folder_of_step(self.plan.checkpoints, step)
        files: list[Any] = []
        failure: DiskFullError | None = None
        try:
            files = checkpoint.save(self.engine, folder, self.ranks, step=step, identity=self.identity)
        except DiskFullError as error:
            failure = error
            self.state.checkpoints_skipped += 1
            log.warning("step %d: no checkpoint was left: %s", step, failure)
        else:
            self.state.checkpoints_skipped = 0
            self.state.saved_step = step
        self.events.emit(
            "checkpoint",
            step=step,
            folder=str(folder),
            files=files,
            seconds=time.monotonic() - began,
            skipped=None if failure is None else {"why": str(failure), "in_a_row": self.state.checkpoints_skipped},
        )
        if failure is not None and is_needed and self.state.checkpoints_skipped >= MOST_CHECKPOINTS_SKIPPED:
            raise DiskFullError(
                f"step {step}: {self.state.checkpoints_skipped} checkpoints in a row could not be written: {failure}"
            ) from failure
        self.events.phase("loop")

    def _meet_non_finite(self, step: int, fact: str, bins: list[list[int]]) -> None:
        """Return where the plan passes over such an update; raise on all ranks alike otherwise."""
        if self.plan.on_non_finite == "stop":
            raise self._diverged(step, fact, bins)
        self.state.updates_skipped += 1
        if self.state.updates_skipped > MOST_UPDATES_SKIPPED:
            # Of no single step: to pass over one more would not help.
            raise DivergedError(
                f"step {step}: {fact}, the {self.state.updates_skipped}th in a row that is not finite ({MOST_UPDATES_SKIPPED} are passed over); go on from an earlier checkpoint or lower learning_rate"
            )

    def _bins_not_finite(self, step: int, sums: list[torch.Tensor]) -> list[list[int]]:
        """This rank's own micro-batches, where the fault is among them, else all of the step."""
        mine = [
            row
            for micro, value in enumerate(sums)
            if not torch.isfinite(value)
            for row in self.batches.micro_batch_bins(step, micro, self.ranks.rank)
        ]
        return mine or self.batches.bins_of_step(step)

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
            f"step {step}: {fact} with rows {named}; the weights are those of step {step - 1}; lower learning_rate or take the rows out",
            step=step,
        )
