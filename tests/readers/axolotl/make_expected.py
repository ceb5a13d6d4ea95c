"""Write expected.json: what axolotl itself gives for the files here.

The schedulers are axolotl's own (`axolotl/utils/schedulers.py`, loaded by its path, without the rest of axolotl),
torch's OneCycleLR and transformers' get_scheduler, on an optimizer of torch, step by step. Which of them a file asks
for, and its warmup, are written anew from `core/builders/base.py` (`_configure_warmup_and_logging`,
`_configure_scheduler`) and `core/trainers/mixins/scheduler.py` of axolotl 0.19.

    python make_expected.py        with axolotl 0.19 (--no-deps), transformers 5.23, torch 2.13
"""

import importlib.util
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import get_scheduler

HERE = Path(__file__).parent


def _own_schedulers() -> Any:
    package = importlib.util.find_spec("axolotl")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "utils" / "schedulers.py"
    spec = importlib.util.spec_from_file_location("axolotl_schedulers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OWN = _own_schedulers()
TOTAL = 400
Made = Callable[[torch.optim.Optimizer], Any]


def warmup(total: int, steps: int | None = None, ratio: float | None = None) -> int:
    """Return the warmup that axolotl hands to the Trainer, where the length of the run is known."""
    if steps is None:
        steps = max(int(ratio * total), 0) if ratio is not None else min(int(0.03 * total), 100)
    return 2 if steps == 1 else steps


def rows(make: Made, total: int, *rates: float) -> list[list[float]]:
    """Return the rates of each group that each update is applied with."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    optimizer = torch.optim.AdamW(groups, lr=rates[0])
    scheduler = make(optimizer)
    found = []
    for _ in range(total):
        found.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return found


def of_transformers(name: str, steps: int, total: int = TOTAL, **more: Any) -> Made:
    """Return what makes a scheduler of transformers."""
    return lambda optimizer: get_scheduler(name, optimizer, steps, total, scheduler_specific_kwargs=more)


def of_axolotl(name: str, steps: int, **more: Any) -> Made:
    """Return what makes a scheduler of axolotl."""
    return lambda optimizer: getattr(OWN, name)(optimizer, num_warmup_steps=steps, num_training_steps=TOTAL, **more)


def rex(steps: int, rate: float, low: float) -> Made:
    """Return what makes a RexLR."""
    return lambda optimizer: OWN.RexLR(optimizer, max_lr=rate, min_lr=low, total_steps=TOTAL, num_warmup_steps=steps)


def one_cycle(rate: float, **more: Any) -> Made:
    """Return what makes a OneCycleLR."""
    return lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=TOTAL, **more)


def jagged(inner: Made, every: int, steps: int, anneal: int, low: float) -> Made:
    """Return what makes a scheduler with jagged restarts."""
    return lambda optimizer: OWN.JaggedLRRestartScheduler(
        optimizer, inner(optimizer), every, steps, anneal, min_lr_scale=low
    )


READ: dict[str, dict[str, Any]] = {}


def row(
    file: str,
    says: str,
    make: Made,
    rates: dict[str, float] | float,
    near: Iterable[int] = (),
    total: int = TOTAL,
    **options: Any,
) -> None:
    """Add a file that is read."""
    named = rates if isinstance(rates, dict) else {"learning_rate": rates}
    found = rows(make, total, *named.values())
    places = {place + i for place in near for i in (-1, 0, 1)}
    steps = sorted(
        s for s in places | {0, 1, 2, total // 4, total // 2, 3 * total // 4, total - 2, total - 1} if 0 <= s < total
    )
    columns = {name: {str(s): found[s][i] for s in steps} for i, name in enumerate(named)}
    values: Any = columns if len(columns) > 1 else columns["learning_rate"]
    READ[file] = {"says": says, "options": options or {"total_steps": total}, "values": values}


def read_rows() -> None:
    """Add the files that are read."""
    row(
        "default.yaml",
        "no lr_scheduler is a cosine, no warmup 3 %",
        of_transformers("cosine", warmup(TOTAL)),
        2e-4,
        [12],
    )
    row("qlora.yml", "a whole file", of_transformers("cosine", warmup(TOTAL, 10)), 2e-4, [10])
    row(
        "cosine_ratio.yaml", "a share of the run, cut", of_transformers("cosine", warmup(TOTAL, ratio=0.07)), 2e-5, [28]
    )
    row("linear.yaml", "a rate as text", of_transformers("linear", 20), 1e-4, [20])
    row("constant.yaml", "no warmup", of_transformers("constant", 20), 1e-5)
    row(
        "constant_with_warmup.yaml",
        "a warmup",
        of_transformers("constant_with_warmup", warmup(TOTAL, ratio=0.1)),
        1e-5,
        [40],
    )
    row(
        "min_ratio.yaml",
        "down to a tenth",
        of_axolotl("get_cosine_schedule_with_min_lr", 20, min_lr_ratio=0.1),
        3e-5,
        [20],
    )
    both = of_axolotl("get_cosine_schedule_with_warmup_decay_constant", 15, min_lr_ratio=0.1, constant_lr_ratio=0.8)
    row("min_and_constant_ratio.yaml", "down to a tenth, and held", both, 3e-5, [15, 320])
    row("min_ratio_is_of_cosines.yaml", "linear takes no notice of it", of_transformers("linear", 15), 3e-5, [15])
    row(
        "one_cycle.yaml",
        "the warmup is pct_start",
        one_cycle(1e-3, pct_start=warmup(TOTAL, ratio=0.25) / TOTAL, anneal_strategy="cos"),
        1e-3,
        [99, 100],
    )
    more: dict[str, Any] = {
        "pct_start": 0.4,
        "anneal_strategy": "linear",
        "div_factor": 10.0,
        "final_div_factor": 100.0,
        "cycle_momentum": False,
    }
    row("one_cycle_kwargs.yaml", "its own arguments", one_cycle(1e-3, **more), 1e-3, [159, 160])
    row("rex.yaml", "one step early", rex(12, 3e-4, 0), 3e-4, [11, 12])
    row("rex_min.yaml", "with a minimum", rex(0, 3e-4, 3e-4 * 0.05), 3e-4)
    row(
        "quadratic.yaml",
        "the warmup is a square",
        of_axolotl("get_cosine_schedule_with_quadratic_warmup", 16),
        3e-4,
        [16],
    )
    row("warmup_of_one.yaml", "a warmup of 1 is one of 2", of_transformers("cosine", warmup(TOTAL, 1)), 3e-4, [2])
    row("no_warmup.yaml", "a warmup of 0", of_transformers("cosine", 0), 3e-4)
    row(
        "default_warmup_is_100_at_most.yaml",
        "3 %, 100 at most",
        of_transformers("cosine", warmup(4000), 4000),
        5e-6,
        [100],
        total=4000,
    )
    row(
        "max_steps.yaml",
        "max_steps",
        of_transformers("linear", warmup(150, ratio=0.1), 150),
        1e-4,
        [15],
        total=150,
        batch_size=8,
    )
    row(
        "jagged.yaml",
        "restarts of ReLoRA",
        jagged(of_transformers("cosine", 10), 50, 10, 5, 0.001),
        2e-4,
        [10, 45, 50, 60, 95, 100, 395],
    )
    row(
        "jagged_default.yaml",
        "a warmup of 10, and 1 step down",
        jagged(of_transformers("constant", 12), 40, 10, 1, 0.001),
        2e-4,
        [39, 40, 50, 80],
    )
    groups = {"learning_rate": 2e-4, "groups.q_proj.learning_rate": 3e-5, "groups.o_proj.learning_rate": 1e-4}
    row("lr_groups.yaml", "groups with rates", of_transformers("cosine", 10), groups, [10])
    row(
        "embedding_lr.yaml",
        "embeddings with a rate",
        of_transformers("cosine", 10),
        {"learning_rate": 2e-4, "groups.embeddings.learning_rate": 1e-5},
        [10],
    )
    row(
        "embedding_lr_scale.yaml",
        "embeddings at half the rate",
        of_transformers("linear", 10),
        {"learning_rate": 2e-4, "groups.embeddings.learning_rate": 1e-4},
        [10],
    )
    row(
        "kwargs_min_lr.yaml",
        "arguments of transformers",
        of_transformers("cosine_with_min_lr", warmup(TOTAL, ratio=0.03), min_lr=1e-6),
        2e-5,
        [12],
    )
    row(
        "restarts.yaml",
        "hard restarts",
        of_transformers("cosine_with_restarts", 8, num_cycles=4),
        2e-5,
        [8, 106, 204, 302],
    )
    row("inverse_sqrt.yaml", "inverse square root", of_transformers("inverse_sqrt", 30), 2e-3, [30, 120])
    row(
        "wsd.yaml",
        "warmup, stable, decay",
        of_transformers("warmup_stable_decay", 30, num_decay_steps=40, min_lr_ratio=0.1),
        2e-3,
        [30, 360],
    )
    row("dpo.yaml", "preferences", of_transformers("cosine", warmup(TOTAL, ratio=0.1)), 5e-7, [40])
    row("lisa.yaml", "LISA does not touch the rate", of_transformers("linear", warmup(TOTAL)), 5e-5, [12])
    row(
        "epochs.yaml",
        "an epoch of known length",
        of_transformers("cosine", 4, 77),
        5e-5,
        [4],
        total=77,
        steps_per_epoch=77,
    )
    row("deepspeed.json", "as JSON, with DeepSpeed", of_transformers("cosine", warmup(TOTAL, ratio=0.1)), 2e-5, [40])


REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "both_warmups.yaml": ("axolotl refuses both", "warmup_ratio", {"total_steps": 400}),
    "no_length.yaml": ("nothing says how long the run is", "total_steps|steps_per_epoch|total-steps", {}),
    "no_rate.yaml": ("axolotl has no default for the rate", "learning_rate", {"total_steps": 400}),
    "older_relora.yaml": ("keys of an older release", "relora_steps", {"total_steps": 400}),
    "log_sweep.yaml": ("a scheduler of an older release", "log_sweep", {"total_steps": 400}),
    "plateau.yaml": ("follows a metric", "metric", {"total_steps": 400}),
    "unknown_kwarg.yaml": ("cosine takes no min_lr", "min_lr", {"total_steps": 400}),
    "type_of_transformers.yaml": ("the key of another system", "lr_scheduler_type|huggingface", {"total_steps": 400}),
    "own_script.yaml": ("one key of axolotl's, and others", "marks", {"total_steps": 400}),
}


def main() -> None:
    """Write the file."""
    read_rows()
    refused = {
        file: {"says": says, "options": options, "message": message}
        for file, (says, message, options) in REFUSED.items()
    }
    how = "axolotl's own schedulers, torch's and transformers', on an optimizer of torch, step by step"
    found = {"system": "axolotl", "version": "0.19.0", "how": how, "read": READ, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
