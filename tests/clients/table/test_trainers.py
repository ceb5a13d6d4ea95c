"""The table: Lightning, transformers' Trainer, TRL's SFTTrainer, and ignite's engines."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import lightning
import pytest
import torch
from datasets import Dataset
from ignite.engine import Engine, Events
from ignite.handlers import LRScheduler
from lightning.pytorch.plugins import MixedPrecision
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer

from client_table import PLANS, Cells, Plan, Rates, Train, check, pairs, run
from table_torch import SCHEDULERS, AdamW, groups, net

CELLS: Cells = {
    "Lightning": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "Lightning loads the optimizer's state first"},
        "end": "right",
    },
    "transformers' Trainer": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "the Trainer loads the optimizer's state first"},
        "end": "right",
    },
    "TRL's SFTTrainer": {
        "fresh": "right",
        "accumulate": "right",
        "skip": "right",
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": {"none": "the Trainer loads the optimizer's state first"},
        "end": "right",
    },
    "ignite, scheduler.step() in ITERATION_COMPLETED": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {"note": "native counts the calls after a skipped update too", "native": [0, 1, 3, 4, 6, 7]},
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "ignite's LRScheduler in ITERATION_STARTED": {
        "fresh": "right",
        "accumulate": "right",
        "skip": {
            "note": "the handler moves the schedule with each iteration, native's and ours",
            "native": [0, 1, 3, 4, 6, 7],
            "ours": [0, 1, 3, 4, 6, 7],
        },
        "groups": "right",
        "tensor rate": "right",
        "optimizer first": "right",
        "scheduler first": "right",
        "end": "right",
    },
    "ignite's LRScheduler in ITERATION_COMPLETED": {
        "fresh": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 1, 2, 3, 4, 5, 6],
            "ours": [0, 0, 1, 2, 3, 4, 5, 6],
        },
        "accumulate": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 1, 2, 3, 4],
            "ours": [0, 0, 1, 2, 3, 4],
        },
        "skip": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 2, 3, 5, 6],
            "ours": [0, 0, 2, 3, 5, 6],
        },
        "groups": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 1, 2, 3, 4, 5, 6],
            "ours": [0, 0, 1, 2, 3, 4, 5, 6],
        },
        "tensor rate": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 1, 2, 3, 4, 5, 6],
            "ours": [0, 0, 1, 2, 3, 4, 5, 6],
        },
        "optimizer first": {
            "note": "the handler sets each rate one iteration late; ours is right in the first after a load",
            "native": [0, 0, 1, 2, 3, 4, 5, 6],
            "ours": [0, 0, 1, 2, 4, 4, 5, 6],
        },
        "scheduler first": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 1, 2, 3, 4, 5, 6],
            "ours": [0, 0, 1, 2, 3, 4, 5, 6],
        },
        "end": {
            "note": "the handler sets each rate one iteration late",
            "native": [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
            "ours": [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        },
    },
}

QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
}


class Module(lightning.LightningModule):  # type: ignore[misc]  # not typed where it is not installed
    def __init__(self, plan: Plan, make: Any) -> None:
        super().__init__()
        self.net, self.plan, self.make = net(), plan, make

    def training_step(self, batch: Any, index: int) -> Any:
        return self.net(batch[0]).sum() * self.plan.factor(index)

    def configure_optimizers(self) -> Any:
        self.used = AdamW(groups(self.plan, self.net))
        self.scheduler = self.make(self.plan, self.used)
        return {"optimizer": self.used, "lr_scheduler": {"scheduler": self.scheduler, "interval": "step"}}


def lightning_trainer(plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    module = Module(plan, make)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    trainer = lightning.Trainer(
        max_steps=batches.stop // plan.accumulated,
        accumulate_grad_batches=plan.accumulated,
        default_root_dir=folder,
        plugins=[MixedPrecision("16-mixed", "cpu", scaler=scaler)] if plan.skipped else [],
        **QUIET,
    )
    data = torch.utils.data.TensorDataset(torch.ones(plan.parts()[-1].stop, 4))
    file = folder / "run.ckpt"
    loader = torch.utils.data.DataLoader(data, batch_size=1)
    trainer.fit(module, loader, ckpt_path=file if batches.start else None)
    trainer.save_checkpoint(file)
    return module.used.applied, module.scheduler.last_epoch


class Model(torch.nn.Module):  # type: ignore[misc]  # torch is untyped
    """A model that returns its loss."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.net, self.plan, self.batch = net(), plan, -1

    def forward(self, x: Any, labels: Any) -> Any:
        del labels
        self.batch += 1
        return {"loss": self.net(x).sum() * self.plan.factor(self.batch)}


class Llama(LlamaForCausalLM):  # type: ignore[misc]  # not typed where it is not installed
    """A very small language model."""

    def __init__(self, plan: Plan) -> None:
        sizes = {"vocab_size": 8, "hidden_size": 8, "intermediate_size": 8, "max_position_embeddings": 16}
        heads = {"num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1}
        super().__init__(LlamaConfig(**sizes, **heads))
        self.plan, self.batch = plan, -1
        self.lm_head.weight.register_hook(self._factor)

    def _factor(self, gradient: Any) -> Any:
        self.batch += 1
        return gradient * self.plan.factor(self.batch)


def tokenizer() -> Any:
    words = {"<pad>": 0, "<eos>": 1, "<unk>": 2, "a": 3, "b": 4}
    made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))  # noqa: S106 - no password
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {f"{name[1:-1]}_token": name for name in ("<pad>", "<eos>", "<unk>")}
    return PreTrainedTokenizerFast(tokenizer_object=made, **special)


def options(plan: Plan, batches: range, folder: Path) -> dict[str, Any]:
    return {
        "output_dir": str(folder),
        "max_steps": batches.stop // plan.accumulated,
        "gradient_accumulation_steps": plan.accumulated,
        "per_device_train_batch_size": 1,
        "use_cpu": True,
        "report_to": [],
        "save_steps": batches.stop if plan.order else 100,
        "disable_tqdm": True,
        "max_grad_norm": 0.0,
        "logging_steps": 1,
    }


def with_trainer(kind: Any, plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    """Train with transformers' Trainer, or TRL's, which is one."""
    arguments = options(plan, batches, folder)
    if kind is Trainer:
        model: Any = Model(plan)
        more: dict[str, Any] = {
            "args": TrainingArguments(**arguments),
            "train_dataset": [{"x": torch.ones(4), "labels": torch.ones(1)}] * 24,
        }
    else:
        model = Llama(plan)
        more = {
            "args": SFTConfig(**arguments, bf16=False, gradient_checkpointing=False, max_length=8),
            "train_dataset": Dataset.from_dict({"text": ["a b a b"] * 24}),
            "processing_class": tokenizer(),
        }
    optimizer = AdamW(groups(plan, model))
    scheduler = make(plan, optimizer)
    trainer = kind(model=model, optimizers=(optimizer, scheduler), **more)
    if plan.skipped:  # fp16 is for accelerators; this is what it makes
        trainer.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    trainer.train(resume_from_checkpoint=str(folder / f"checkpoint-{batches.start}") if batches.start else None)
    return optimizer.applied, scheduler.last_epoch


def with_ignite(handler: Any, plan: Plan, make: Any, batches: range, folder: Path) -> tuple[list[Rates], int]:
    """Train with an engine of ignite; an iteration is an update."""
    model = net()
    optimizer = AdamW(groups(plan, model))
    scheduler = make(plan, optimizer)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=bool(plan.skipped))

    def update(engine: Any, batch: Any) -> None:
        place = batches.start + (engine.state.iteration - 1) * plan.accumulated
        for x in batch:
            scaler.scale(model(x[None]).sum() * plan.factor(place)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    engine = Engine(update)
    things = {"optimizer": optimizer, "scheduler": handler(engine, scheduler)}
    if batches.start:
        plan.restore(torch.load(folder / "state.pt"), **things)
    engine.run(torch.ones(len(batches) // plan.accumulated, plan.accumulated, 4), max_epochs=1)
    torch.save({name: thing.state_dict() for name, thing in things.items()}, folder / "state.pt")
    return optimizer.applied, scheduler.last_epoch


def called(engine: Any, scheduler: Any) -> Any:
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: scheduler.step())  # noqa: PLW0108 - see ignite
    return scheduler


def handled(event: Any, engine: Any, scheduler: Any) -> Any:
    handler = LRScheduler(scheduler)
    engine.add_event_handler(event, handler)
    return handler


CLIENTS: dict[str, Train] = {
    "Lightning": lightning_trainer,
    "transformers' Trainer": partial(with_trainer, Trainer),
    "TRL's SFTTrainer": partial(with_trainer, SFTTrainer),
    "ignite, scheduler.step() in ITERATION_COMPLETED": partial(with_ignite, called),
    "ignite's LRScheduler in ITERATION_STARTED": partial(with_ignite, partial(handled, Events.ITERATION_STARTED)),
    "ignite's LRScheduler in ITERATION_COMPLETED": partial(with_ignite, partial(handled, Events.ITERATION_COMPLETED)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("client", "situation"), pairs(CELLS))
def test_cell(client: str, situation: str, tmp_path: Path) -> None:
    plan = PLANS[situation]
    native, ours = (run(CLIENTS[client], plan, make, tmp_path / kind) for kind, make in SCHEDULERS.items())
    check(CELLS[client][situation], plan, native, ours)
