"""What `make_vectors.py` makes the conformance vectors from: documents, and what docs/spec.md says that they mean.

Nothing here imports `lrspec`. Documents become plain nodes (`plain`, `named`), whose exact values `oracle` gives.
"""
