"""Launch scripts of a shell as data: which programs they run, with which flags. Nothing is executed.

A text becomes statements, these the commands that run with their words, and these programs and flags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lrspec.readers.files.shell.flags import Flag, Flags
from lrspec.readers.files.shell.values import Fork, Known, Pieces, Words, text_of
from lrspec.readers.files.shell.walk import Walk

_PYTHON = re.compile(r"python[\d.]*|torchrun|accelerate|deepspeed|horovodrun|colossalai|ipython|coverage|pdb")
_LAUNCHERS = frozenset(
    {
        "torch.distributed.launch",
        "torch.distributed.run",
        "torch.distributed.elastic",
        "accelerate.commands.launch",
        "accelerate.commands.accelerate_cli",
        "deepspeed.launcher.runner",
        "launch.py",
        "xla_spawn.py",
    }
)
_WRAPPERS = re.compile(
    r"srun|mpirun|mpiexec|prun|env|exec|nohup|time|sudo|numactl|taskset|nice|stdbuf|unbuffer|timeout|uv|poetry|pixi|conda"
    r"|pipenv|micromamba|docker|singularity|apptainer|enroot|bash|sh|nsys|ncu|launch\w*|\w*run"
)
"""Commands whose own flags may stand in front of a Python file; of others, a file after a flag is the flag's value."""
_BARE_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_NOT_RUN = re.compile(
    r"awk|cat|chmod|chown|cp|curl|date|find|git|grep|head|hostname|less|ls|mkdir|module|mv|nvidia-smi|pip3?|pkill|ps|pwd"
    r"|rm|rsync|scontrol|scp|sed|sleep|tail|tar|tee|touch|ulimit|unzip|vim?|wandb|wc|wget|which"
)


@dataclass(frozen=True, slots=True)
class Launch:
    """A program that a script runs.

    Attributes:
        program: Its file or module, as it stands in the script; empty where only the run knows it.
        line: The line of the command.
        flags: Its flags by name, without dashes in front, and with underscores for those inside.
        rest: Why there may be more flags; empty where all are known.
        notes: What was taken for granted of the words that are no flags.
    """

    program: str
    line: int
    flags: dict[str, Flag]
    rest: str
    notes: tuple[str, ...]


def launches(source: str, path: str) -> list[Launch]:
    """Return the programs that a script runs with flags, in its order.

    Args:
        source: The script.
        path: Its name, for errors.

    Raises:
        SpecError: It is malformed, or nests too deeply; the error names the line.
        UnsupportedError: Its variables or loops grow beyond what is read.
    """
    walk = Walk(path)
    walk.script(source)
    found: list[Launch] = []
    for line, words in walk.calls:
        launch = _launch(line, words)
        if launch is not None and launch.program.startswith("-") and found:
            cut = f"line {line}: {launch.program} is taken for a command: a comment or a blank ended the one before"
            found[-1] = replace(found[-1], notes=(*found[-1].notes, cut))
        elif launch is not None and launch.flags:
            found.append(launch)
    return found


def _launch(line: int, words: Words) -> Launch | None:
    texts = [_text(word) for word in words]
    if _NOT_RUN.fullmatch((texts[0] or "").rpartition("/")[2]):
        return None
    at = _program(texts)
    start = 0 if at is None else at + 1
    flags = Flags().read(words[start:])
    program = "" if at is None else texts[at] or ""
    return Launch(program, line, flags.found, flags.rest, tuple(flags.notes))


def _text(word: Pieces | Fork) -> str | None:
    """Return the text of a word, or its end where only that is known."""
    if isinstance(word, Fork) or not word:
        return None
    last = word[-1]
    return text_of(word) or (last.text if isinstance(last, Known) else None)


def _program(texts: list[str | None]) -> int | None:
    """Return where the program stands: a Python file, the module of `-m`, or the first word."""
    first = (texts[0] or "").rpartition("/")[2]
    wrapped = texts[0] is None or _WRAPPERS.fullmatch(first) is not None
    python = False
    for i, text in enumerate(texts):
        if text is None:
            continue
        name = text.rpartition("/")[2]
        python = python or _PYTHON.fullmatch(name) is not None
        is_file = name.endswith(".py") and not text.startswith("-") and name not in _LAUNCHERS
        if is_file and not _is_value(texts, i, launched=python or wrapped):
            return i
        if text in {"-m", "--module"} and python and i + 1 < len(texts) and texts[i + 1] not in {None, *_LAUNCHERS}:
            return i + 1
    return None if python or texts[0] is None else 0


def _is_value(texts: list[str | None], at: int, *, launched: bool) -> bool:
    """Tell whether a Python file is a value of the flag before it, and not what is run."""
    while at > 1 and (texts[at - 1] or "").endswith(".py"):
        at -= 1
    if not at or not _BARE_FLAG.fullmatch(texts[at - 1] or ""):
        return False
    if not launched:
        return True
    before = texts[1 : at - 1]
    return any(text is None and not _BARE_FLAG.fullmatch(texts[i] or "") for i, text in enumerate(before))
