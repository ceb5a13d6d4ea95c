"""Write `expected.json`: what Composer's own schedulers, as LLM-Foundry names them, give for the files here.

    python tests/readers/composer/make_expected.py     # with mosaicml and llm-foundry, each alone, and omegaconf

Composer's and LLM-Foundry's modules are loaded from their files, without the packages around them, whose imports need
much else. What is called are their own classes, with the timestamps that their trainer would have.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

warnings.simplefilter("ignore")
HERE = Path(__file__).parent


def bare(name: str, **names: Any) -> types.ModuleType:
    """Put an empty package in the place of one, whose modules are found in its folder all the same."""
    top, *rest = name.split(".")
    spec: Any = None if top in sys.modules else importlib.util.find_spec(top)
    root = Path(sys.modules[top].__path__[0] if spec is None else spec.submodule_search_locations[0])
    module = types.ModuleType(name)
    module.__path__ = [str(root.joinpath(*rest))]
    vars(module).update(names)
    sys.modules[name] = module
    return module


class State(types.SimpleNamespace):
    """What schedulers ask of the trainer's state."""


utils = [bare(name) for name in ("composer", "composer.utils")][1]
vars(utils).update(vars(import_module("composer.utils.string_enum")))
core = bare("composer.core", State=State)
time = import_module("composer.core.time")
vars(core).update(Time=time.Time, TimeUnit=time.TimeUnit)
bare("composer.optim")
schedulers = import_module("composer.optim.scheduler")
vars(sys.modules["composer.optim"]).update(vars(schedulers))
for name in ("llmfoundry", "llmfoundry.utils", "llmfoundry.optim"):
    bare(name)
bare("llmfoundry.utils.warnings", experimental_class=lambda _: lambda kind: kind)
NAMES = {
    "constant_with_warmup": schedulers.ConstantWithWarmupScheduler,
    "cosine_with_warmup": schedulers.CosineAnnealingWithWarmupScheduler,
    "linear_decay_with_warmup": schedulers.LinearWithWarmupScheduler,
    "inv_sqrt_with_warmup": import_module("llmfoundry.optim.scheduler").InverseSquareRootWithWarmupScheduler,
}


def values(name: str, updates: int, steps: list[int], **run: int) -> dict[str, float]:
    """Return the rates of some updates of a file's run."""
    config: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(HERE / "files" / name), resolve=True)
    config = config.get("parameters", config)
    section = {key: value for key, value in config["scheduler"].items() if value is not None}
    section = {key: number(value) for key, value in section.items()}
    if "name" in section:
        kind = NAMES[section.pop("name")]
    else:
        kind = getattr(schedulers, section.pop("_target_").split(".")[-1])
    scheduler = kind(**section)
    duration = config.get("max_duration") or config.get("trainer", {}).get("max_duration") or f"{run['total_steps']}ba"
    per_epoch = run.get("steps_per_epoch") or config.get("train_subset_num_batches")
    batch = run.get("batch_size") or config.get("global_train_batch_size") or 1
    state = State(max_duration=time.Time.from_input(duration, "ep"), dataloader_len=per_epoch)
    found = {}
    around = [0, 1, 2, updates // 4, updates // 2, updates * 3 // 4, updates - 2, updates - 1]
    for step in sorted({*around, *steps}):
        epoch = step // per_epoch if per_epoch else 0
        state.timestamp = time.Timestamp(
            epoch=epoch, batch=step, sample=step * batch, token=step * run.get("tokens_per_step", 1)
        )
        assert state.max_duration.unit.value != "ep" or epoch < state.max_duration.value
        found[str(step)] = number(config["optimizer"]["lr"]) * scheduler(state)
    return found


def number(value: Any) -> Any:
    """Return the number that a text stands for; JSON has some as text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


READ: dict[str, tuple[str, int, list[int], dict[str, int]]] = {
    "mpt_125m.yaml": ("warmup and cosine, in batches", 3000, [119, 120, 121], {}),
    "mpt_dur.yaml": ("a warmup that is a share of the run, truncated", 1207, [95, 96, 97], {}),
    "finetune_epochs.yaml": ("epochs, of a given length", 84, [49, 50, 51], {"steps_per_epoch": 42}),
    "finetune_dur_of_epochs.yaml": ("a share of the batches in the epochs", 111, [4, 5, 6], {"steps_per_epoch": 37}),
    "whole_number_of_epochs.yaml": ("a duration without a unit", 52, [12, 13, 14], {"steps_per_epoch": 13}),
    "tokens.yaml": ("tokens", 3815, [152, 153], {"tokens_per_step": 131072}),
    "tokens_dur.yaml": ("a share of the tokens, truncated", 667, [21, 22, 23], {"tokens_per_step": 1500}),
    "bert_samples.yaml": ("samples; an update has the file's own number", 625, [36, 37, 38], {}),
    "samples_given.yaml": ("samples; an update has the given number", 600, [49, 50, 51], {"batch_size": 10}),
    "constant.yaml": ("warmup, then constant", 400, [29, 30, 31], {}),
    "constant_alpha.yaml": ("a constant share of lr", 400, [29, 30, 31], {}),
    "no_warmup.yaml": ("a warmup of nothing", 90, [], {}),
    "longer_than_the_run.yaml": ("a decay that the run does not come to the end of", 200, [24, 25, 26], {}),
    "t_max_dur.yaml": ("a decay of more than the run, as a share of it", 210, [24, 25, 26], {}),
    "warmup_alone.yaml": ("a warmup as long as the run", 60, [], {}),
    "inv_sqrt.yaml": ("LLM-Foundry's inverse square root, with its cooldown", 600, [49, 50, 51, 499, 500, 501], {}),
    "inv_sqrt_floor.yaml": ("an inverse square root above a floor", 300, [19, 20, 21], {}),
    "variables.yaml": ("values from the file's variables", 700, [39, 40, 41], {}),
    "mcli.yaml": ("a run of the platform", 800, [99, 100, 101], {}),
    "hydra_linear.yaml": ("a class by its path; the duration is the trainer's", 550, [99, 100, 101], {}),
    "hydra_multistep.yaml": ("milestones in epochs", 110, [21, 22, 54, 55, 87, 88], {"steps_per_epoch": 11}),
    "hydra_constant.yaml": ("all defaults", 50, [], {}),
    "hydra_polynomial.yaml": ("a polynomial", 130, [12, 13, 14], {}),
    "hydra_restarts.yaml": ("restarts whose lengths are truncated", 110, [14, 15, 16, 36, 37, 70, 71], {}),
    "hydra_step.yaml": ("stairs in samples, of which an update has a part", 167, [24, 25, 49, 50], {"batch_size": 12}),
    "hydra_exponential.yaml": ("a decay with a period of one epoch", 42, [6, 7, 8], {"steps_per_epoch": 7}),
    "hydra_cosine.yaml": ("a cosine that ends before the run", 75, [59, 60, 61], {}),
    "dumped.json": ("JSON, numbers as text, the length of an epoch in the file", 480, [9, 10, 11], {}),
    "lengths_given.yaml": ("no duration: it is given", 170, [16, 17, 18], {"total_steps": 170}),
}
REFUSED: dict[str, tuple[str, dict[str, int], str]] = {
    "own_script.yaml": ("a script of one's own", {}, "a config with the keys|no system"),
    "modernbert.yaml": ("a scheduler that a project registered", {"tokens_per_step": 4194304}, "warmup_stable_decay"),
    "unknown_key.yaml": ("a key that the scheduler does not take", {}, "alpha_i"),
    "units_differ.yaml": ("units that Composer does not compare", {"tokens_per_step": 10}, "t_warmup"),
    "wall_clock.yaml": ("a duration by the clock", {}, "max_duration"),
    "half_an_epoch.yaml": ("half an epoch, which Composer refuses", {"steps_per_epoch": 40}, "t_warmup"),
    "no_length.yaml": ("no duration", {}, "total_steps|total-steps"),
    "ends_before_the_run.yaml": ("a schedule shorter than the run, which Composer refuses", {}, "t_max"),
    "scaled_by_a_callback.yaml": ("a callback that changes lr", {}, "global_lr_scaling"),
    "adaptive.yaml": ("an optimizer that lowers its rate itself", {}, "adalr_lion"),
    "groups.yaml": ("a group of parameters with a rate of its own", {}, "param_groups"),
}


def main() -> None:
    """Write the file."""
    read = {}
    for name, (says, updates, steps, run) in READ.items():
        read[name] = {"says": says, "options": run, "values": values(name, updates, steps, **run)}
    refused = {name: {"says": says, "options": run, "message": m} for name, (says, run, m) in REFUSED.items()}
    how = f"the schedulers of mosaicml {version('mosaicml')} and llm-foundry {version('llm-foundry')}"
    content = {"system": "composer", "version": version("mosaicml"), "how": how, "read": read, "refused": refused}
    (HERE / "expected.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
