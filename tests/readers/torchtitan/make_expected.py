"""Write `expected.json`: what torchtitan's own `build_lr_schedulers` applies for the files here.

    python tests/readers/torchtitan/make_expected.py 0.1.0/     # with torch, tyro and torchtitan 0.2, alone

The folder given holds torchtitan 0.1.0 (`pip install --no-deps --target`), which has `lr_min` for `min_lr_factor`. The
modules are loaded from their files, without the packages around them, whose imports need much else.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomllib
import torch
import yaml

HERE = Path(__file__).parent


def builder(folder: str = "") -> Any:
    """Return torchtitan's module of schedulers, the installed one or that in a folder."""
    for name in [name for name in sys.modules if name.split(".")[0] == "torchtitan"]:
        del sys.modules[name]
    if folder:
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
    spec: Any = importlib.util.find_spec("torchtitan")
    root = Path(spec.submodule_search_locations[0])
    for name in ("torchtitan", "torchtitan.components", "torchtitan.components.optimizer", "torchtitan.tools"):
        module = types.ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module
    vars(sys.modules["torchtitan.components.optimizer"]).update(OptimizersContainer=object)
    found: Any = import_module("torchtitan.components.lr_scheduler")
    assert not folder or str(Path(folder).resolve()) in str(Path(found.__file__).resolve())
    return found


def config_of(name: str) -> Any:
    """Return the content of a file."""
    text = (HERE / "files" / name).read_text(encoding="utf-8")
    if name.endswith(".toml"):
        return tomllib.loads(text)
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def plain(section: dict[str, Any]) -> dict[str, Any]:
    """Return a section without what is null, and with numbers for the texts of numbers."""
    return {
        key: float(value) if isinstance(value, str) and value[0].isdigit() else value
        for key, value in section.items()
        if value is not None
    }


def values(name: str, steps: list[int], old: str, **run: Any) -> dict[str, float]:
    """Return the rates of some updates of a file's run."""
    config = config_of(name)
    section = plain(config["lr_scheduler"])
    total = config["training"].get("steps") or run["total_steps"]
    rate = plain(config.get("optimizer", {})).get("lr") or run["base_value"]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    if "lr_min" in section:
        schedulers = builder(old)
        manager = import_module("torchtitan.config_manager")
        job = types.SimpleNamespace(
            training=types.SimpleNamespace(steps=total), lr_scheduler=manager.LRScheduler(**section)
        )
        container = schedulers.build_lr_schedulers([optimizer], job)
    else:
        schedulers = builder()
        kind = import_module("torchtitan.config.job_config").LRScheduler
        container = schedulers.build_lr_schedulers([optimizer], kind(**section), total)
    last = total - 1
    wanted = {0, 1, 2, total // 4, total // 2, total * 3 // 4, last - 1, last, *steps}
    found = {}
    for step in range(total):
        if step in wanted:
            found[str(step)] = optimizer.param_groups[0]["lr"]
        optimizer.step()
        container.step()
    if old in sys.path:
        sys.path.remove(old)
    return found


READ: dict[str, tuple[str, list[int], dict[str, float]]] = {
    "debug_model.toml": ("warmup, no plateau, linear", [3, 4, 5, 6, 7], {}),
    "llama_8b.toml": ("warmup, and the defaults", [198, 199, 200, 201], {}),
    "deepseek.toml": ("warmup and cosine to a tenth", [198, 199, 200, 201, 202], {}),
    "sqrt.toml": ("warmup, plateau, one minus square root", [28, 29, 30, 299, 300, 301], {}),
    "ratio_rounds.toml": ("a share that is rounded to the even number", [8, 9, 10, 111, 112, 113, 114], {}),
    "ratio_rounds_up.toml": ("the same, which is the larger one here", [8, 9, 10, 86, 87, 88, 89], {}),
    "ratio_of_one.toml": ("a decay that is cut to what is left", [18, 19, 20, 21], {}),
    "ratio_of_zero.toml": ("no decay", [18, 19, 20], {}),
    "long_warmup.toml": ("a warmup cut to the run", [], {}),
    "no_warmup.toml": ("no warmup", [], {}),
    "default_warmup.toml": ("the default warmup", [198, 199, 200, 319, 320, 321], {}),
    "one_step_of_decay.toml": ("a decay of one step", [8, 9, 10], {}),
    "total_steps.toml": ("a curve longer than the run", [48, 49, 50], {}),
    "lr_min.toml": ("lr_min, of release 0.1.0", [73, 74, 75, 349, 350, 351], {}),
    "lr_min_zero.toml": ("lr_min of 0", [4, 5, 6, 7], {}),
    "lr_min_sqrt.toml": ("lr_min, square root", [58, 59, 60, 61], {}),
    "flux.toml": ("a warmup, then constant; a section with steps of its own", [298, 299, 300], {}),
    "integers.toml": ("numbers without a point", [], {}),
    "dumped.json": ("a job's dump, with nulls", [23, 24, 25, 26], {}),
    "primus.yaml": ("YAML", [38, 39, 40, 41], {}),
    "text_numbers.yaml": ("numbers that YAML takes for text", [18, 19, 20, 159, 160, 161], {}),
    "muon.toml": ("another optimizer", [38, 39, 40, 149, 150, 151], {}),
    "large.toml": ("a long run", [1998, 1999, 2000, 89999, 90000, 90001, 90002], {}),
    "constant_floor.toml": ("a decay to where it is", [3, 4, 5], {}),
    "fault_tolerance.toml": ("sections beside it", [14, 15, 16, 31, 32, 33], {}),
    "length_given.toml": ("the length is given", [14, 15, 16, 17], {"total_steps": 64}),
    "rate_given.toml": ("the rate is given", [14, 15, 16, 17], {"base_value": 0.0008}),
}
REFUSED: dict[str, tuple[str, dict[str, float], str]] = {
    "torchtune.yaml": ("torchtune's", {}, "(?i)torchtune"),
    "own_script.yaml": ("a script of one's own", {}, "a config with the keys|no system"),
    "own_warmup.yaml": ("one key alone", {"total_steps": 500}, "a config with the keys|no system"),
    "unknown_decay.toml": ("a decay that a fork has", {}, "decay_type"),
    "unknown_key.toml": ("a key that a fork has", {}, "decay_steps"),
    "warmup_in_training.toml": ("a checkout from before 0.1.0", {}, "training.warmup_steps"),
    "both_words.toml": ("the floor twice, differently", {}, "lr_min"),
    "no_length.toml": ("no length", {}, "total_steps|total-steps"),
    "two_rates.toml": ("a second rate", {}, "adamw_lr"),
    "lightning.yaml": ("Lightning's", {"total_steps": 30}, "(?i)lightning|class_path|keys"),
}


def main(old: str) -> None:
    """Write the file."""
    read = {}
    for name, (says, steps, run) in READ.items():
        read[name] = {"says": says, "options": run, "values": values(name, steps, old, **run)}
    refused = {name: {"says": says, "options": run, "message": m} for name, (says, run, m) in REFUSED.items()}
    how = (
        f"build_lr_schedulers of torchtitan {version('torchtitan')}, and of 0.1.0 for lr_min; torch {torch.__version__}"
    )
    content = {"system": "torchtitan", "version": version("torchtitan"), "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
