"""Plans and rows that tests start from."""

import json
import random
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = ["<Q>", "</Q>", "<A>", "</A>"]
STOP_TOKEN = "</A>"
Json = dict[str, Any]

_NAMES = ["Ada", "Grace", "Linus", "Barbara", "Edsger", "Donald", "Frances", "Alan"]
_THINGS = ["apples", "books", "coins", "pens", "stones"]


def example_rows(count: int, *, seed: int) -> list[Json]:
    """Sentences and what they mean; lengths differ."""
    draw = random.Random(seed)
    rows: list[Json] = []
    for number in range(count):
        name, thing, amount = draw.choice(_NAMES), draw.choice(_THINGS), draw.randint(1, 99)
        tail = " " + " ".join(draw.sample(_THINGS, draw.randint(0, 4)))
        rows.append(
            {
                "id": f"row-{seed}-{number}",
                "prompt": f"<Q>{name} has {amount} {thing}.{tail.rstrip()}</Q><A>",
                "completion": f"has({name}, {amount}, {thing})</A>",
            }
        )
    return rows


def write_jsonl(path: Path, records: list[Json]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def model_to_load(path: Path) -> Json:
    return {"path": str(path), "special_tokens": SPECIAL_TOKENS, "stop_token": STOP_TOKEN}


def init_plan(rows: Path, output: Path, **changes: Any) -> Json:
    return {
        "command": "init",
        "seed": 7,
        "rows": str(rows),
        "special_tokens": SPECIAL_TOKENS,
        "stop_token": STOP_TOKEN,
        "vocabulary_size": 320,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_layers": 2,
        "num_heads": 2,
        "max_positions": 128,
        "output": str(output),
        **changes,
    }


def train_plan(workspace: Path, **changes: Any) -> Json:
    return {
        "command": "train",
        "seed": 3,
        "model": model_to_load(workspace / "tiny"),
        "train_rows": str(workspace / "rows.jsonl"),
        "validation_rows": str(workspace / "validation.jsonl"),
        "context_tokens": 96,
        "epochs": 6,
        "max_steps": None,
        "micro_batch_rows": 1,
        "accumulation_steps": 2,
        "world_size": 2,
        "learning_rate": 3e-3,
        "schedule": "cosine",
        "warmup_share": 0.1,
        "adam_betas": [0.9, 0.98],
        "adam_epsilon": 1e-8,
        "weight_decay": 0.01,
        "gradient_clipping": 1,
        "zero_stage": 2,
        "precision": "fp32",
        "activation_checkpointing": False,
        "device": "cpu",
        "checkpoint_every_steps": 3,
        "checkpoints": "checkpoints",
        "snapshots": "snapshots",
        "resume": None,
        "on_non_finite": "stop",
        "skip_steps": [],
        **changes,
    }


def generate_plan(workspace: Path, items: Path, **changes: Any) -> Json:
    return {
        "command": "generate",
        "seed": 5,
        "models": [{"name": "tiny", **model_to_load(workspace / "tiny")}],
        "items": str(items),
        "shard": {"index": 0, "count": 1},
        "predictions": "predictions.jsonl",
        "max_new_tokens": 8,
        "batch_items": 4,
        "sampling": None,
        "precision": "fp32",
        "device": "cpu",
        **changes,
    }
