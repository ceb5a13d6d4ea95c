"""The config in an archive of Keras, as text: a zip file with `config.json`."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

from lrspec.documents import yaml
from lrspec.errors import SpecError

_NAME = "config.json"


def config_in(path: Path) -> str:
    """Return the text of `config.json` in an archive.

    Args:
        path: The archive.

    Raises:
        OSError: The file cannot be read.
        SpecError: It is no such archive, it is damaged, or the config is too large or not UTF-8.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_NAME) as file:
            content = file.read(yaml.MAX_BYTES + 1)
    except KeyError:
        raise SpecError(str(path), found=f"an archive without {_NAME}", expected="what model.save wrote") from None
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError) as error:
        raise SpecError(str(path), found=f"no archive of Keras: {error}", expected="what model.save wrote") from None
    if len(content) > yaml.MAX_BYTES:
        raise SpecError(f"{path}: {_NAME}", found="a longer file", expected=f"at most {yaml.MAX_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"a byte that is not UTF-8 at {error.start}"
        raise SpecError(f"{path}: {_NAME}", found=found, expected="UTF-8") from None
