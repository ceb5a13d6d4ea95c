"""Systems that are known by their names: their files are refused with a document to start from."""

from lrspec.readers.known.images import IMAGES
from lrspec.readers.known.language import LANGUAGE
from lrspec.readers.known.lookalikes import LOOK_ALIKES

KNOWN = (*LANGUAGE, *IMAGES)
SYSTEMS = (*(known.system for known in KNOWN), *LOOK_ALIKES)
