"""DeepSpeed: the configuration of a plan, and what has to be set before it is used.

The CUDA branch has not been run on a GPU.
"""

from typing import Any

from gpu_runner.config import Device, TrainPlan

# DeepSpeed's own default; a model smaller than this gets buckets of its own size, since the
# buckets are allocated whole (5e8 elements of fp32 are 2 GB).
LARGEST_BUCKET_ELEMENTS = 500_000_000


def skip_compilation(device: Device) -> None:
    """Stop DeepSpeed from compiling an op at start that only its inference uses (40 s, needs g++)."""
    if device == "cpu":
        import deepspeed.ops

        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False


def zero3_loading_config(plan: TrainPlan) -> dict[str, Any]:
    """What transformers needs to know to build a model sharded, before its size is known."""
    return {
        "train_micro_batch_size_per_gpu": plan.micro_batch_rows,
        "zero_optimization": {"stage": 3},
        "bf16": {"enabled": plan.precision == "bf16"},
    }


def engine_config(plan: TrainPlan, num_parameters: int) -> dict[str, Any]:
    """Configuration for `deepspeed.initialize`, every value a number: nothing is left to "auto"."""
    bucket = min(LARGEST_BUCKET_ELEMENTS, num_parameters)
    zero: dict[str, Any] = {
        "stage": plan.zero_stage,
        "reduce_bucket_size": bucket,
        "allgather_bucket_size": bucket,
        "overlap_comm": plan.device == "cuda",
    }
    if plan.zero_stage == 3:
        zero |= {
            "stage3_prefetch_bucket_size": min(50_000_000, num_parameters),
            # Bounds the fp32 copy of gradients that a step needs.
            "sub_group_size": LARGEST_BUCKET_ELEMENTS,
        }
    return {
        "train_micro_batch_size_per_gpu": plan.micro_batch_rows,
        "gradient_accumulation_steps": plan.accumulation_steps,
        "gradient_clipping": plan.gradient_clipping,
        "zero_optimization": zero,
        "bf16": {"enabled": plan.precision == "bf16"},
        # torch's AdamW, so that nothing is compiled and the state is plain.
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "steps_per_print": None,
    }
