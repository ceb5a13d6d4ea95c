"""Systems that are known by their names: their files are refused with a document to start from."""

from lrspec.readers.known.images import IMAGES
from lrspec.readers.known.language import LANGUAGE

KNOWN = (*LANGUAGE, *IMAGES)
SYSTEMS = tuple(known.system for known in KNOWN)
