"""`generate`: predictions of several models for one list of items.

The CUDA branch has not been run on a GPU.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

import torch

from gpu_runner.config import GeneratePlan, NamedModel
from gpu_runner.decoding import complete, greedy, sampler
from gpu_runner.environment import prepare_environment
from gpu_runner.events import EventLog
from gpu_runner.exceptions import ConfigError, DataError, Interrupted
from gpu_runner.model import open_model, own_stop_ids
from gpu_runner.predictions import Prediction, append, read_answered
from gpu_runner.rows import Item, read_items
from gpu_runner.stop import StopRequest
from gpu_runner.tokenizer import TaskTokenizer, open_tokenizer, read_model_config, tokenise

log = logging.getLogger(__name__)


def run(plan: GeneratePlan, events: EventLog, stop: StopRequest) -> None:
    """Append the predictions that are not there yet; Interrupted between two batches."""
    prepare_environment(plan.device)
    if plan.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device: cuda is planned, but torch finds no GPU; plan for cpu or mend the driver")
    events.phase("data")
    items = read_items(plan.items)[plan.shard.index :: plan.shard.count]
    answered = read_answered(plan.predictions)
    stop.defer()
    for model in plan.models:
        missing = [item for item in items if (model.name, item.id) not in answered]
        answer_all(plan, model, missing, len(items), events, stop)


def answer_all(
    plan: GeneratePlan,
    named: NamedModel,
    items: Sequence[Item],
    total: int,
    events: EventLog,
    stop: StopRequest,
) -> None:
    """Answer `items`, the part of `total` that one model has not answered yet, batch by batch."""
    began = time.monotonic()
    done, num_tokens = total - len(items), 0

    def report() -> None:
        events.emit(
            "generated",
            model=named.name,
            done=done,
            total=total,
            num_tokens=num_tokens,
            seconds=time.monotonic() - began,
        )

    if not items:
        report()
        return
    events.phase("model")
    tokenizer = open_tokenizer(named)
    prompts = [[*tokenizer.prefix, *ids] for ids in tokenise(tokenizer, [item.prompt for item in items])]
    limit = read_model_config(named.path).get("max_position_embeddings", 2**31)
    refuse_long_prompts(items, prompts, limit)
    model, stop_ids = open_for_generation(plan, named, tokenizer)
    events.phase("loop")
    # Alike in length: little padding, and ends that fall together. The longest first: if memory
    # does not suffice, it shows at once.
    order = sorted(range(len(items)), key=lambda i: (-len(prompts[i]), items[i].id))
    for start in range(0, len(order), plan.batch_items):
        chosen = order[start : start + plan.batch_items]
        answers = complete(
            model,
            [prompts[i] for i in chosen],
            pad_id=tokenizer.pad_id,
            stop_ids=stop_ids,
            # The cache ends where the model's positions end.
            max_new_tokens=min(plan.max_new_tokens, limit - len(prompts[chosen[0]])),
            choose=greedy
            if plan.sampling is None
            else sampler(plan.sampling, [f"{plan.seed}/{named.name}/{items[i].id}" for i in chosen]),
        )
        predictions = [
            prediction_of(tokenizer, named.name, items[i].id, answer, stop_ids)
            for i, answer in zip(chosen, answers, strict=True)
        ]
        append(plan.predictions, predictions)
        done += len(chosen)
        num_tokens += sum(map(len, answers))
        report()
        if stop.requested:
            raise Interrupted(done)
    seconds = time.monotonic() - began
    log.info("%s: %d answers, %d tokens in %.1f s", named.name, len(items), num_tokens, seconds)


def open_for_generation(plan: GeneratePlan, named: NamedModel, tokenizer: TaskTokenizer) -> tuple[Any, set[int]]:
    """The model, ready, and the tokens that end an answer.

    A model that has not been tuned yet ends its answers with a token of its own.
    """
    model = open_model(named.path, tokenizer, plan.precision)
    return model.to(plan.device).eval(), {tokenizer.stop_id, *own_stop_ids(named.path)}


def refuse_long_prompts(items: Sequence[Item], prompts: Sequence[Sequence[int]], limit: int) -> None:
    """Raise DataError where a prompt leaves no position to answer in, or has no token."""
    for item, prompt in zip(items, prompts, strict=True):
        if not 0 < len(prompt) < limit:
            raise DataError(
                f"item {item.id!r}: its prompt has {len(prompt)} tokens, the model takes from 1 to {limit - 1}; change or leave out the item"
            )


def prediction_of(
    tokenizer: TaskTokenizer, model: str, item_id: str, answer: list[int], stop_ids: set[int]
) -> Prediction:
    """An answer as text."""
    stopped = answer[-1] in stop_ids
    text = tokenizer.backend.decode(answer[:-1] if stopped else answer, skip_special_tokens=True)
    return Prediction(model=model, id=item_id, prediction=text, num_tokens=len(answer), stopped=stopped)
