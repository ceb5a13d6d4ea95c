"""Reading Hugging Face's transformers: its schedulers, and the training arguments of its Trainer."""

from lrspec.readers.system import Mark, System
from lrspec.readers.transformers import config, objects
from lrspec.readers.transformers.places import MARKS
from lrspec.readers.transformers.shapes import METRIC, SHAPES

_PROGRAM = "(?!megatron$).*"  # ms-swift's command, which has these flags beside Megatron's, and is known by its name
_INSIDE = ("", "*.", "*.*.")

SYSTEM = System(
    name="huggingface",
    title="Hugging Face's Trainer",
    marks=tuple(Mark(keys=(f"{where}{name}",), program=_PROGRAM) for where in _INSIDE for name in MARKS),
    read=config.read,
    version="5.23",
    shapes=tuple(SHAPES),
    refused={
        **dict.fromkeys(METRIC, "it follows a metric, not the step"),
        "a scheduler of DeepSpeed": "it goes before the Trainer's",
        "a config of DeepSpeed that is not beside the file": "it may have one; give it, with --with",
        "a config class of TRL without learning_rate": "each has a default of its own",
        "scripts without a Trainer, of diffusers, of DeepSpeed-Chat, PaddleNLP": "other meanings of the same names",
        "max_steps of 0": "releases differ in what it means",
        "trainer_state.json, training_args.bin": "a position, and a pickle",
    },
    knows=objects.is_of_transformers,
    read_object=objects.read,
)
