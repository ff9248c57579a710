"""A real, trained model of 260 thousand parameters (llama2.c, TinyStories) as a transformers directory.

Not part of the repository: it is looked for in FORMWORK_TEST_DATA, then in ../shared/data beside it.
"""

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch

GREEDY_TEXT = (
    "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. "
    "One day, she saw a big, red ball. She wanted to play with it, but it was too high."
)


def source_folder() -> Path | None:
    """Where the model's files are, or None."""
    repository = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("FORMWORK_TEST_DATA", repository.parent / "shared" / "data"))
    folder = data / "stories260k"
    return folder if (folder / "stories260K.bin").is_file() else None


def write_transformers_directory(source: Path, target: Path) -> None:
    """Convert weights and tokenizer."""
    _write_weights(source / "stories260K.bin", target)
    _write_tokenizer(source / "tok512.bin", target)


def _write_weights(path: Path, target: Path) -> None:
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    data = path.read_bytes()
    dim, hidden, layers, heads, kv_heads, vocabulary, positions = struct.unpack("<7i", data[:28])
    values = np.frombuffer(data, dtype="<f4", offset=28)
    place = 0

    def take(*shape: int) -> torch.Tensor:
        nonlocal place
        size = int(np.prod(shape))
        place += size
        return torch.from_numpy(values[place - size : place].copy().reshape(shape))

    def halves(weight: torch.Tensor, num_heads: int) -> torch.Tensor:
        # Rotary pairs are neighbours in the file, and half a head apart in transformers.
        rows, columns = weight.shape
        return weight.view(num_heads, rows // num_heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)

    kv_dim = dim * kv_heads // heads
    embedding = take(vocabulary, dim)
    stacked = {
        "input_layernorm": take(layers, dim),
        "self_attn.q_proj": take(layers, dim, dim),
        "self_attn.k_proj": take(layers, kv_dim, dim),
        "self_attn.v_proj": take(layers, kv_dim, dim),
        "self_attn.o_proj": take(layers, dim, dim),
        "post_attention_layernorm": take(layers, dim),
        "mlp.gate_proj": take(layers, hidden, dim),
        "mlp.down_proj": take(layers, dim, hidden),
        "mlp.up_proj": take(layers, hidden, dim),
    }
    state = {"model.embed_tokens.weight": embedding, "lm_head.weight": embedding, "model.norm.weight": take(dim)}
    for name, tensors in stacked.items():
        for layer in range(layers):
            tensor = tensors[layer]
            if name.endswith(("q_proj", "k_proj")):
                tensor = halves(tensor, heads if name.endswith("q_proj") else kv_heads)
            state[f"model.layers.{layer}.{name}.weight"] = tensor
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=dim,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=positions,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = LlamaForCausalLM(config)
    model.load_state_dict(state)
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=2)
    model.save_pretrained(target)


def _write_tokenizer(path: Path, target: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    data = path.read_bytes()
    pieces: list[tuple[str, float]] = []
    place = 4
    while place < len(data):
        score, length = struct.unpack("<fi", data[place : place + 8])
        pieces.append((data[place + 8 : place + 8 + length].decode("utf-8"), score))
        place += 8 + length
    names = ["<unk>", "<s>", "</s>"]
    names += [f"<0x{byte:02X}>" for byte in range(256)]
    names += [piece.replace(" ", "\u2581") for piece, _ in pieces[len(names) :]]
    vocabulary = {name: number for number, name in enumerate(names)}
    # SentencePiece merges by the score of the result: every split of a piece into two is a merge.
    merges = sorted(
        (
            (-pieces[number][1], number, left, name[len(left) :])
            for name, number in vocabulary.items()
            if number >= 259
            for left in (name[:cut] for cut in range(1, len(name)))
            if left in vocabulary and name[len(left) :] in vocabulary
        ),
    )
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=[(left, right) for _, _, left, right in merges],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    tokenizer.decoder = decoders.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [
            decoders.Replace("\u2581", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in names[:3]])
    tokenizer.post_processor = processors.TemplateProcessing(  # pyright: ignore[reportAttributeAccessIssue]
        single="<s> $A", pair=None, special_tokens=[("<s>", 1)]
    )
    fast: Any = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        clean_up_tokenization_spaces=False,
    )
    fast.save_pretrained(target)
