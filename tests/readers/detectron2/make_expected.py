"""Write expected.json: the rates that detectron2's own way of building a scheduler gives for the files in files/.

The YAML is loaded and merged by fvcore's `CfgNode` and yacs, and the schedulers are fvcore's. What detectron2 adds, and
what no package has, is written anew from its source: detectron2/config/defaults.py (SOLVER), detectron2/solver/build.py
(`build_lr_scheduler`), detectron2/solver/lr_scheduler.py (`WarmupParamScheduler`, `LRMultiplier`) and
projects/DeepLab/deeplab/lr_scheduler.py (`WarmupPolyLR`), at commit 02b5c4e (June 2026, version 0.6 and after).

    python tests/readers/detectron2/make_expected.py
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from fvcore.common.config import CfgNode
from fvcore.common.param_scheduler import (
    CompositeParamScheduler,
    ConstantParamScheduler,
    CosineParamScheduler,
    LinearParamScheduler,
    MultiStepParamScheduler,
    ParamScheduler,
    StepWithFixedGammaParamScheduler,
)

HERE = Path(__file__).parent
SOLVER: dict[str, Any] = {
    "LR_SCHEDULER_NAME": "WarmupMultiStepLR",
    "MAX_ITER": 40000,
    "BASE_LR": 0.001,
    "BASE_LR_END": 0.0,
    "GAMMA": 0.1,
    "STEPS": (30000,),
    "NUM_DECAYS": 3,
    "WARMUP_FACTOR": 1.0 / 1000,
    "WARMUP_ITERS": 1000,
    "WARMUP_METHOD": "linear",
    "RESCALE_INTERVAL": False,
    "POLY_LR_POWER": 0.9,
    "POLY_LR_CONSTANT_ENDING": 0.0,
}


def solver_of(path: Path) -> CfgNode:
    """Return the SOLVER of a file over the defaults; tags run, as they do in detectron2, so only for files of ours."""
    loaded = CfgNode.load_yaml_with_base(str(path), allow_unsafe=True)["SOLVER"]
    solver = CfgNode(dict(SOLVER))
    solver.merge_from_other_cfg(CfgNode({key: value for key, value in loaded.items() if key in SOLVER}))
    return solver


def decay_of(solver: CfgNode) -> ParamScheduler:
    match solver.LR_SCHEDULER_NAME:
        case "WarmupMultiStepLR":
            steps = [step for step in solver.STEPS if step <= solver.MAX_ITER]
            values = [solver.GAMMA**k for k in range(len(steps) + 1)]
            return MultiStepParamScheduler(values=values, milestones=steps, num_updates=solver.MAX_ITER)
        case "WarmupCosineLR":
            return CosineParamScheduler(1, solver.BASE_LR_END / solver.BASE_LR)
        case "WarmupStepWithFixedGammaLR":
            return StepWithFixedGammaParamScheduler(
                base_value=1.0, gamma=solver.GAMMA, num_decays=solver.NUM_DECAYS, num_updates=solver.MAX_ITER
            )
        case name:
            raise ValueError(name)


def warmed(decay: ParamScheduler, solver: CfgNode) -> ParamScheduler:
    length = min(solver.WARMUP_ITERS / solver.MAX_ITER, 1.0)
    first = solver.WARMUP_FACTOR * decay(0.0)
    warmup: ParamScheduler = ConstantParamScheduler(first)
    if solver.WARMUP_METHOD == "linear":
        warmup = LinearParamScheduler(first, decay(0.0) if solver.RESCALE_INTERVAL else decay(length))
    scaling = ["rescaled", "rescaled" if solver.RESCALE_INTERVAL else "fixed"]
    return CompositeParamScheduler([warmup, decay], lengths=[length, 1 - length], interval_scaling=scaling)


def poly(solver: CfgNode) -> Callable[[int], float]:
    def factor(step: int) -> float:
        if step >= solver.WARMUP_ITERS:
            warm = 1.0
        elif solver.WARMUP_METHOD == "constant":
            warm = solver.WARMUP_FACTOR
        else:
            alpha = step / solver.WARMUP_ITERS
            warm = solver.WARMUP_FACTOR * (1 - alpha) + alpha
        fall = (1.0 - step / solver.MAX_ITER) ** solver.POLY_LR_POWER
        ending = solver.POLY_LR_CONSTANT_ENDING
        return float(ending if ending > 0 and warm == 1.0 and fall < ending else warm * fall)

    return factor


def rates_of(solver: CfgNode, steps: list[int]) -> dict[str, float]:
    """Return the rates of updates, as `LRMultiplier` sets them: the base rate times the multiplier of the iteration."""
    if solver.LR_SCHEDULER_NAME == "WarmupPolyLR":
        factor = poly(solver)
    else:
        scheduler = warmed(decay_of(solver), solver)

        def factor(step: int) -> float:
            return float(scheduler(step / solver.MAX_ITER))

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=solver.BASE_LR)
    lambdas = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    found = {}
    for step in steps:
        lambdas.last_epoch = step
        found[str(step)] = float(lambdas.get_lr()[0])
    return found


def chosen(solver: CfgNode) -> list[int]:
    """Return the first steps, those around the end of the warmup and around each change, the middle, and the last."""
    last, warmup = solver.MAX_ITER - 1, solver.WARMUP_ITERS
    levels = solver.NUM_DECAYS + 1
    ends = [warmup, last // 2, *solver.STEPS, *(solver.MAX_ITER * k // levels for k in range(1, levels))]
    rest = (solver.MAX_ITER - warmup) if solver.RESCALE_INTERVAL else 0
    ends += [warmup + rest * step // solver.MAX_ITER for step in solver.STEPS] if rest > 0 else []
    ends += [warmup + rest * k // levels for k in range(1, levels)] if rest > 0 else []
    near = {end + i for end in ends for i in (-2, -1, 0, 1, 2)}
    return sorted(step for step in {0, 1, 2, warmup // 2, last // 3, last - 1, last} | near if 0 <= step <= last)


def main() -> None:
    cases = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
    read = {}
    for name, case in cases["read"].items():
        solver = solver_of(HERE / "files" / name)
        options = case.get("options", {})
        solver.BASE_LR = options.get("base_value", solver.BASE_LR)
        values = rates_of(solver, chosen(solver))
        read[name] = {"says": case["says"], "options": options, "values": values}
    refused = {name: {"options": {}, **case} for name, case in cases["refused"].items()}
    how = f"fvcore's CfgNode and schedulers, built as detectron2 does; torch {torch.__version__.split('+')[0]}"
    expected = {"system": "detectron2", "version": "0.6", "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
