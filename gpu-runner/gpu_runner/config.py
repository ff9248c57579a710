"""The plans of the commands as frozen dataclasses, field by field as in schema/plan.json.

`__post_init__` checks the ranges that the schema leaves open and raises ValueError("field: ...").
Paths are relative to the working directory.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Precision = Literal["fp32", "bf16"]
Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelToLoad:
    """A model and the tokens it has to know."""

    path: Path
    """Transformers directory: config, safetensors, tokenizer."""
    special_tokens: tuple[str, ...]
    """Added where missing, in this order."""
    stop_token: str
    """Ends a completion; recorded in the generation config."""

    def __post_init__(self) -> None:
        _check_special_tokens(self.special_tokens, self.stop_token)


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedModel(ModelToLoad):
    """A model as predictions name it."""

    name: str
    """Stands in each prediction as `model`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InitPlan:
    """`init`: a tokenizer from the rows, random weights from a seed."""

    command: Literal["init"]
    seed: int
    rows: Path
    """JSON Lines of {id, prompt, completion} that the tokenizer is trained on."""
    special_tokens: tuple[str, ...]
    stop_token: str
    vocabulary_size: int
    """Upper limit; special tokens and the 256 bytes included."""
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    max_positions: int
    output: Path
    """Transformers directory to write."""

    def __post_init__(self) -> None:
        _check_special_tokens(self.special_tokens, self.stop_token)
        for field in ("hidden_size", "intermediate_size", "num_layers", "num_heads", "max_positions"):
            _at_least(1, field, getattr(self, field))
        # 256 bytes, the special tokens, the stop token and the pad token.
        _at_least(256 + len(self.special_tokens) + 2, "vocabulary_size", self.vocabulary_size)
        if self.hidden_size % (2 * self.num_heads) != 0:
            raise ValueError(
                f"hidden_size: expected a multiple of 2 x num_heads = {2 * self.num_heads} (rotary pairs), got {self.hidden_size}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """A named file of rows."""

    name: str
    rows: Path
    """JSON Lines of {id, prompt, completion}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokensPlan:
    """`tokens`: lengths, truncation and totals of each split."""

    command: Literal["tokens"]
    model: ModelToLoad
    context_tokens: int
    splits: tuple[Split, ...]

    def __post_init__(self) -> None:
        _at_least(2, "context_tokens", self.context_tokens)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resume:
    """A checkpoint to go on from."""

    step: int
    path: Path
    """Folder of the checkpoint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainPlan:
    """`train`: full-parameter training of one rank among `world_size`."""

    command: Literal["train"]
    seed: int
    model: ModelToLoad
    train_rows: Path
    validation_rows: Path | None
    """Loss on these is taken after each epoch."""
    context_tokens: int
    """Length of a packed row."""
    epochs: int
    max_steps: int | None
    """Stop after so many optimizer steps; None: epochs decide."""
    micro_batch_rows: int
    """Packed rows of one forward of one rank."""
    accumulation_steps: int
    """Forwards of one rank in one optimizer step."""
    world_size: int
    learning_rate: float
    """Peak, after warm-up."""
    schedule: Literal["cosine", "linear"]
    warmup_share: float
    """Share of all steps over which the rate rises."""
    adam_betas: tuple[float, float]
    adam_epsilon: float
    weight_decay: float
    """Decoupled; of matrices only."""
    gradient_clipping: float
    """Largest global gradient norm; 0 does not clip."""
    zero_stage: int
    precision: Precision
    activation_checkpointing: bool
    device: Device
    checkpoint_every_steps: int
    checkpoints: Path
    """Directory; a checkpoint is a folder step-00000100 in it."""
    snapshots: Path
    """Directory; the weights after an epoch are a folder epoch-0001 in it."""
    resume: Resume | None
    on_non_finite: Literal["stop", "skip"]
    """What a loss or gradient that is not finite leads to: exit, or the update passed over."""
    skip_steps: tuple[int, ...]
    """Steps whose batch is passed over: no update."""

    @property
    def rows_per_step(self) -> int:
        """Packed rows of one optimizer step over all ranks."""
        return self.micro_batch_rows * self.accumulation_steps * self.world_size

    def __post_init__(self) -> None:
        _at_least(2, "context_tokens", self.context_tokens)
        for field in ("epochs", "micro_batch_rows", "accumulation_steps", "world_size", "checkpoint_every_steps"):
            _at_least(1, field, getattr(self, field))
        if self.max_steps is not None:
            _at_least(1, "max_steps", self.max_steps)
        _above(0, "learning_rate", self.learning_rate)
        _above(0, "adam_epsilon", self.adam_epsilon)
        for field in ("weight_decay", "gradient_clipping"):
            _at_least(0, field, getattr(self, field))
        _share("warmup_share", self.warmup_share)
        for index, beta in enumerate(self.adam_betas):
            _share(f"adam_betas[{index}]", beta)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """The items whose number modulo `count` is `index`."""

    index: int
    count: int

    def __post_init__(self) -> None:
        if self.index >= self.count:
            raise ValueError(f"index: expected less than count = {self.count}, got {self.index}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How tokens are drawn."""

    temperature: float
    top_p: float
    """Smallest set of most likely tokens whose probabilities reach this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneratePlan:
    """`generate`: predictions of several models for one list of items."""

    command: Literal["generate"]
    seed: int
    models: tuple[NamedModel, ...]
    """Each answers all items, one after the other."""
    items: Path
    """JSON Lines with id and prompt."""
    shard: Shard
    predictions: Path
    """JSON Lines that is appended to; what it holds is not made again."""
    max_new_tokens: int
    batch_items: int
    sampling: Sampling | None
    """None: greedy."""
    precision: Precision
    device: Device

    def __post_init__(self) -> None:
        _at_least(1, "max_new_tokens", self.max_new_tokens)
        _at_least(1, "batch_items", self.batch_items)
        names = [model.name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError(f"models: expected names that differ, got {', '.join(names)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportPlan:
    """`export`: a snapshot as a directory to publish."""

    command: Literal["export"]
    snapshot: Path
    """Weights after an epoch, as train wrote them."""
    card: Path
    """Markdown text of the model card."""
    output: Path
    """Transformers directory to write."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribePlan:
    """`describe`: versions, device, memory."""

    command: Literal["describe"]


Plan = InitPlan | TokensPlan | TrainPlan | GeneratePlan | ExportPlan | DescribePlan

PLAN_OF_COMMAND: dict[str, type[Plan]] = {
    "init": InitPlan,
    "tokens": TokensPlan,
    "train": TrainPlan,
    "generate": GeneratePlan,
    "export": ExportPlan,
    "describe": DescribePlan,
}


def _at_least(least: float, field: str, value: float) -> None:
    if value < least:
        raise ValueError(f"{field}: expected at least {least}, got {value}")


def _above(limit: float, field: str, value: float) -> None:
    if value <= limit:
        raise ValueError(f"{field}: expected more than {limit}, got {value}")


def _share(field: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{field}: expected from 0 to below 1, got {value}")


def _check_special_tokens(special_tokens: tuple[str, ...], stop_token: str) -> None:
    if not stop_token:
        raise ValueError("stop_token: expected a token, got an empty string")
    if "" in special_tokens:
        raise ValueError("special_tokens: expected tokens, one is an empty string")
    if len(set(special_tokens)) != len(special_tokens):
        raise ValueError(f"special_tokens: expected each once, got {', '.join(special_tokens)}")
