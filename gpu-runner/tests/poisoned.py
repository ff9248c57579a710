"""A model with one bad number in it, as a careless conversion leaves them: one token cannot be computed with."""

from pathlib import Path
from typing import Any

import torch

POISON = "\u00a7"


def write_poisoned(source: Path, target: Path) -> None:
    """The model of `source`, with NaN for the embedding of POISON; the output layer is not tied, so all else is sound."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(source)
    tokenizer: Any = AutoTokenizer.from_pretrained(source)
    model.config.tie_word_embeddings = False
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    with torch.no_grad():
        model.model.embed_tokens.weight[tokenizer(POISON, add_special_tokens=False)["input_ids"][0]] = float("nan")
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
