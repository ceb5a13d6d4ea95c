"""`python -m lrspec` is the command `lrspec`."""

from lrspec.cli import main

raise SystemExit(main())
