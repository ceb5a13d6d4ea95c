"""Print the JSON Schema of documents: `python -m lrspec.schema > src/lrspec/schema/v1.json` renews it."""

import sys

from lrspec.schema import text

sys.stdout.write(text())
