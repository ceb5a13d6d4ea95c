"""Draws the pictures of the gallery: each from the YAML block that stands before it in a page.

    python docs/gallery/make.py             draw all of them
    python docs/gallery/make.py --check     fail where one is missing, stale, or in no page

In a page, a picture is an image line, `![what it shows](name.svg)`, and its source is the last YAML block before it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import lrspec
from lrspec.views.svg import svg

HERE = Path(__file__).parent
_PARTS = re.compile(r"^```yaml\n(?P<yaml>.*?)^```$|^!\[[^\]]+\]\((?P<name>[\w.-]+\.svg)\)$", re.DOTALL | re.MULTILINE)


def sources(page: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each picture of a page with the YAML that it shows.

    Raises:
        ValueError: A picture has no YAML block of its own before it.
    """
    source: str | None = None
    for part in _PARTS.finditer(page):
        if part["yaml"] is not None:
            source = part["yaml"]
        elif source is None:
            raise ValueError(f"{part['name']}: expected a YAML block before the picture")
        else:
            yield part["name"], source
            source = None


def pictures(folder: Path = HERE) -> dict[str, str]:
    """Return the text of each picture of the pages in a folder, by its name.

    Raises:
        ValueError: A picture has no source, or two pictures have one name.
    """
    drawn: dict[str, str] = {}
    for page in sorted(folder.glob("*.md")):
        for name, source in sources(page.read_text(encoding="utf-8")):
            if name in drawn:
                raise ValueError(f"{name}: a second picture of this name")
            drawn[name] = svg(lrspec.loads(source)) + "\n"
    return drawn


def stale(folder: Path = HERE) -> list[str]:
    """Return the names of pictures that are missing, not as their source draws them, or in no page."""
    wanted = pictures(folder)
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def main(arguments: list[str]) -> int:
    """Draw the pictures, or check them; return the exit status."""
    if arguments == ["--check"]:
        names = stale()
        for name in names:
            print(f"{name}: not as its page draws it; run python docs/gallery/make.py")
        return 1 if names else 0
    if arguments:
        print(__doc__)
        return 2
    drawn = pictures()
    for name, text in drawn.items():
        (HERE / name).write_text(text, encoding="utf-8")
    for path in HERE.glob("*.svg"):
        if path.name not in drawn:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
