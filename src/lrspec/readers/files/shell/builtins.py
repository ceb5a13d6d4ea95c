"""The commands of a shell that set variables, leave, or run a text."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable

from lrspec.readers.files.shell.values import Array, Fork, Known, Pieces, Scalar, Unknown, Words, text_of
from lrspec.readers.files.shell.words import ARGUMENTS, Expansion, Variables

_USUAL = re.compile(
    r"(^|/)(activate|\.?bash_?(rc|profile)|\.?profile|\.?zshrc|(conda|mamba|nvm|modules?|setvars)\.sh"
    r"|(init|profile\.d)/\S+)$"
)
_OF_TOOLS = re.compile("conda|mamba|modulecmd|ssh-agent|shell-hook")
_SHELLS = frozenset({"bash", "sh", "zsh"})
_NAME = re.compile(r"[A-Za-z_]\w*")


class Builtins(Expansion):
    """What the commands of the shell itself do to a walk."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.dead = False
        self.left: list[Variables] = []
        self._held = 0

    @abstractmethod
    def script(self, source: str, line: int = 1) -> None:
        """Walk through a text."""

    @abstractmethod
    def other(self, line: int, words: Words) -> None:
        """Note a command that is run."""

    def idle(self, line: int, words: Words) -> None:
        """Do nothing: the command sets nothing and runs nothing that is looked for."""

    def leave(self, line: int, words: Words) -> None:  # noqa: ARG002 - every builtin takes the same
        """Leave a loop, a function or the script."""
        if name_of(words) != "exit":
            self.left.append(self.variables)
        self.dead = True

    def execute(self, line: int, words: Words) -> None:
        """Run a command in the place of the script."""
        if len(words) > 1:
            self.other(line, words[1:])
            self.dead = True

    def set_by_command(self, line: int, words: Words) -> None:
        """Forget the variables that a command such as `read` sets."""
        for word in words[1:]:
            text = None if isinstance(word, Fork) else text_of(word)
            for name in _NAME.findall(text or ""):
                self.variables[name] = Scalar((Unknown(line, f"${name}, set by `{name_of(words)}`", name, many=True),))

    def printed(self, line: int, words: Words) -> None:
        """Forget the variable that `printf -v` sets."""
        if len(words) > 2 and words[1] == (Known("-v"),):
            self.set_by_command(line, (words[0], words[2]))

    def unset(self, line: int, words: Words) -> None:  # noqa: ARG002
        """Drop variables."""
        for word in words[1:]:
            name = None if isinstance(word, Fork) else text_of(word)
            if name is not None and _NAME.fullmatch(name):
                self.variables[name] = Array()  # which no longer is as the environment has it

    def shift(self, line: int, words: Words) -> None:
        """Drop the first arguments."""
        count = text_of(words[1]) if len(words) == 2 and not isinstance(words[1], Fork) else "1"
        given = self.variables.get("@")
        known = isinstance(given, Array) and count is not None and count in ARGUMENTS
        if isinstance(given, Array) and known and not any(isinstance(word, Fork) for word in given.words):
            self.arguments(given.words[int(count or 1) :])
            return
        for name in ARGUMENTS:
            self.variables[name] = Scalar((Unknown(line, f"${name}, an argument after a shift", name),))

    def arguments(self, words: Words) -> None:
        """Set the arguments, as a function has them."""
        flat = not any(isinstance(word, Fork) for word in words)
        for i, name in enumerate(ARGUMENTS):
            self.variables.pop(name, None)
            if flat and i < len(words):
                self.variables[name] = _scalar(words[i])
        self.variables["@"] = Array(words)

    def arrange(self, line: int, words: Words) -> None:  # noqa: ARG002
        """Set the arguments, as `set -- ...` does."""
        if len(words) > 1 and words[1] == (Known("--"),):
            self.arguments(words[2:])

    def source(self, line: int, words: Words) -> None:
        """Take another script into account, which is not read: it may set any variable."""
        last = words[1][-1:] if len(words) > 1 and not isinstance(words[1], Fork) else ()
        if not (last and isinstance(last[0], Known) and _USUAL.search(last[0].text)):
            self.forget(line, "which a script that is sourced later may set anew")

    def forget(self, line: int, why: str) -> None:
        """Forget all variables."""
        self.variables.sourced = line
        for name in self.variables:
            self.variables[name] = Scalar((Unknown(line, f"${name}, {why}", name, many=True),))

    def evaluate(self, line: int, words: Words) -> None:
        """Walk through the text of `eval`."""
        word = words[1] if len(words) == 2 else None
        if isinstance(word, tuple) and len(word) == 1 and isinstance(word[0], Unknown):
            if not _OF_TOOLS.search(word[0].why):
                self.forget(line, "which an `eval` may set anew")
            return
        self.script(self.again(words[1:]), line)

    def again(self, words: Words) -> str:
        """Return words as a script; what is not known stands in variables with names of their own."""
        texts: list[str] = []
        for word in words:
            text = ""
            for piece in (word,) if isinstance(word, Fork) else word:
                if isinstance(piece, Known):
                    text += piece.text
                    continue
                self._held += 1
                name = f"__{self._held}"
                lists = isinstance(piece, Fork) and piece is word
                self.variables[name] = Array((piece,)) if isinstance(piece, Fork) and lists else Scalar((piece,))
                text += f"${{{name}[@]}}"
            texts.append(text)
        return " ".join(texts)


BUILTINS: dict[str, Callable[[Builtins, int, Words], None]] = {
    **dict.fromkeys(("break", "continue", "return", "exit"), Builtins.leave),
    **dict.fromkeys(("read", "mapfile", "readarray", "getopts", "let"), Builtins.set_by_command),
    **dict.fromkeys(("[", "[[", "test", "true", "false", ":", "echo", "cd", "wait", "trap"), Builtins.idle),
    **dict.fromkeys(("source", "."), Builtins.source),
    "printf": Builtins.printed,
    "set": Builtins.arrange,
    "exec": Builtins.execute,
    "eval": Builtins.evaluate,
    "shift": Builtins.shift,
    "unset": Builtins.unset,
}
"""What a command of the shell itself does."""


def _scalar(word: Pieces | Fork) -> Scalar:
    return Scalar((word,) if isinstance(word, Fork) else word)


def name_of(words: Words) -> str:
    """Return the name of a command, empty where it is not known."""
    return "" if not words or isinstance(words[0], Fork) else text_of(words[0]) or ""


def inner_script(words: Words) -> Pieces | None:
    """Return the text of `bash -c TEXT`, wherever in a command it stands."""
    for i, word in enumerate(words[:-2]):
        if isinstance(word, Fork) or text_of(word) is None:
            continue
        after = words[i + 1]
        if (text_of(word) or "").rpartition("/")[2] not in _SHELLS or isinstance(after, Fork):
            continue
        inner = words[i + 2]
        option = text_of(after) or ""
        if option[:1] == "-" and option[:2] != "--" and option.endswith("c") and not isinstance(inner, Fork):
            return inner
    return None
