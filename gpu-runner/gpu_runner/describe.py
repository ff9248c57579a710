"""`describe`: versions, device, memory of this machine.

The CUDA branch has not been run on a GPU.
"""

import platform
from importlib.metadata import version

import psutil
import torch

from gpu_runner.config import DescribePlan
from gpu_runner.events import EventLog
from gpu_runner.stop import StopRequest

# Those whose version can change a number.
PACKAGES = ("accelerate", "deepspeed", "numpy", "safetensors", "tokenizers", "torch", "transformers")


def run(plan: DescribePlan, events: EventLog, stop: StopRequest) -> None:
    """Emit `described`."""
    has_cuda = torch.cuda.is_available()
    gpus = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())] if has_cuda else []
    events.emit(
        "described",
        python=platform.python_version(),
        packages={name: version(name) for name in PACKAGES},
        device="cuda" if has_cuda else "cpu",
        # Those that this process may use, not those of the machine.
        cpu_cores=len(psutil.Process().cpu_affinity())
        if hasattr(psutil.Process, "cpu_affinity")
        else psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        gpus=[{"name": gpu.name, "memory_bytes": gpu.total_memory} for gpu in gpus],
    )
