"""Make the conformance vectors: `python tests/make_vectors.py [--check] [--search] [NAME ...]`.

The expected bits come from exact arithmetic (`oracle`, `vectors`), which imports nothing of lrspec. The programs and
fingerprints come from lrspec, because nothing else says which of the many programs of a schedule is the one.
`--check` compares instead of writing; `--search` looks for near ties anew, which may find others on another machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vectors.case import FLAGS, vector
from vectors.combinators import COMBINATORS
from vectors.curves import CURVES
from vectors.documents import DOCUMENTS, UNITS
from vectors.presets import PRESETS
from vectors.programs import programs, refused as refused_programs
from vectors.refused import REFUSED

Plain = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "src" / "lrspec" / "conformance" / "vectors"
TIES = Path(__file__).parent / "vectors" / "ties.json"
GROUPS = {"kinds": CURVES | COMBINATORS, "presets": PRESETS, "units": UNITS, "documents": DOCUMENTS}


def names() -> list[str]:
    """Return the names of all files, such as `kinds/linear`."""
    found = [f"{group}/{name}" for group, subjects in GROUPS.items() for name in subjects]
    return [*found, "programs/programs", "refused/programs", *(f"refused/{name}" for name in REFUSED)]


def compiled(document: Plain, quantity: str) -> tuple[str, str, str]:
    """Return the program of a schedule, its fingerprint and the document's, by the compiler under test."""
    from lrspec import from_dict
    from lrspec.views.timeline import schedules

    read = from_dict(document)
    program = schedules(read)[quantity].program
    return program.to_bytes().hex(), program.fingerprint, read.fingerprint


def made(name: str, ties: dict[str, list[int]]) -> Plain:
    """Return the content of a file."""
    group, subject = name.split("/")
    found: Plain = {"lrspec_vectors": 1, "spec": 1, "group": group, "name": subject}
    return {**found, "vectors": list(_vectors(group, subject, name, ties))}


def _vectors(group: str, subject: str, name: str, ties: dict[str, list[int]]) -> Iterator[Plain]:
    if group == "programs":
        yield from programs()
    elif group == "refused":
        source: Callable[[], Iterator[Plain]] = refused_programs if subject == "programs" else REFUSED[subject]
        yield from ({**one, "id": f"{name}/{one['id']}"} for one in source())
    else:
        for case in GROUPS[group][subject]():
            yield vector(case, name, compiled, ties)


def written(content: Plain) -> str:
    """Return a file: a line for each key of a vector, so that a diff shows what changed."""
    head = {key: value for key, value in content.items() if key != "vectors"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    vectors = [
        ",\n".join(f"   {json.dumps(key)}: {json.dumps(value)}" for key, value in one.items())
        for one in content["vectors"]
    ]
    body = ",\n".join(f"  {{\n{one}\n  }}" for one in vectors)
    return "{\n" + "\n".join(lines) + f'\n "vectors": [\n{body}\n ]\n}}\n'


def main(arguments: list[str] | None = None) -> int:
    """Write or compare the files, and return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--search", action="store_true")
    options = parser.parse_args(arguments)
    known = json.loads(TIES.read_text()) if TIES.exists() else {}
    anew = (options.names or names()) if options.search else []
    ties = {key: steps for key, steps in known.items() if key.rsplit("/", 1)[0] not in anew}
    differing = []
    for name in options.names or names():
        text, path = written(made(name, ties)), FOLDER / f"{name}.json"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        differing.append(name)
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if not options.check:
        rows = ",\n".join(f" {json.dumps(key)}: {json.dumps(ties[key])}" for key in sorted(ties) if ties[key])
        # `near_ties` of a curve that is no candidate costs nothing, so only those found are kept
        TIES.write_text(f"{{\n{rows}\n}}\n" if rows else "{}\n")
        (FOLDER / "flags.json").write_text(json.dumps(FLAGS, indent=1) + "\n")
    sys.stdout.write("".join(f"{'differs' if options.check else 'wrote'}: {name}\n" for name in differing))
    return 1 if options.check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
