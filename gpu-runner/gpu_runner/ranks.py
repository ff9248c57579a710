"""The group of ranks: who is who, how they connect, how they agree.

The NCCL branch has not been run on a GPU.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import HashStore
from torch.distributed import distributed_c10d

from gpu_runner.config import Device
from gpu_runner.exceptions import ConfigError

# Longer than the longest time that one rank may rightly work while the others wait (rank 0 writing
# a 140 GB snapshot). A supervisor gives one of its own, longer than its limits, by
# GPU_RUNNER_COLLECTIVE_SECONDS in the environment: it ends ranks whose supervisor is gone.
COLLECTIVE_TIMEOUT_SECONDS = 1800.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranks:
    """This process among all."""

    rank: int
    world_size: int
    local_rank: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Rank 0 of all nodes: writes what is written once."""
        return self.rank == 0

    @property
    def is_first_of_node(self) -> bool:
        """First rank of this node: prepares folders on the node's own disk."""
        return self.local_rank == 0

    def barrier(self) -> None:
        """Wait for all ranks."""
        self.sum([0.0])

    def sum(self, values: Sequence[float]) -> list[float]:
        """Sum of each value over all ranks, the same bits on every rank."""
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        return tensor.tolist()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on any rank."""
        return self.sum([float(flag)])[0] > 0


def join(device: Device, world_size: int) -> Ranks:
    """Connect with all ranks of the environment; raises ConfigError where it does not fit the plan.

    RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT come from whoever starts the ranks; a
    process without them is the only one.
    """
    rank, local_rank = _environment_int("RANK", 0), _environment_int("LOCAL_RANK", 0)
    found_size = _environment_int("WORLD_SIZE", 1)
    if found_size != world_size:
        raise ConfigError(
            f"world_size: expected the WORLD_SIZE of the environment, {found_size}, got {world_size}; plan for as many ranks as are started"
        )
    # DeepSpeed insists on it, even for a process that is alone.
    os.environ.setdefault("LOCAL_RANK", str(local_rank))
    timeout = timedelta(seconds=float(os.environ.get("GPU_RUNNER_COLLECTIVE_SECONDS", COLLECTIVE_TIMEOUT_SECONDS)))
    # Subgroups, which DeepSpeed makes, are given no timeout and take these.
    distributed_c10d.default_pg_timeout = timeout
    distributed_c10d.default_pg_nccl_timeout = timeout  # pyright: ignore[reportPrivateImportUsage]
    if device == "cuda":
        torch.cuda.set_device(local_rank)
    torch_device = torch.device("cuda", local_rank) if device == "cuda" else torch.device("cpu")
    backend = "nccl" if device == "cuda" else "gloo"
    if world_size == 1:
        # Alone: no address, no port, no listening socket.
        dist.init_process_group(backend, store=HashStore(), rank=0, world_size=1, timeout=timeout)
    else:
        for name in ("MASTER_ADDR", "MASTER_PORT"):
            if name not in os.environ:
                raise ConfigError(f"{name}: not in the environment, needed for {world_size} ranks; set it")
        dist.init_process_group(backend, rank=rank, world_size=world_size, timeout=timeout)
    return Ranks(rank=rank, world_size=world_size, local_rank=local_rank, device=torch_device)


def _environment_int(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal():
        raise ConfigError(f"{name}: expected a number in the environment, got {text!r}; correct it")
    return int(text)
