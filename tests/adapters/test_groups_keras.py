"""A document that Keras cannot take whole is refused by name."""

from __future__ import annotations

import pytest

import lrspec
from lrspec import UnsupportedError

TEXT = "{lrspec: 1, learning_rate: {kind: constant, value: 0.5}, %s}"


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("momentum: {kind: constant, value: 0.9}", "momentum"),
        ("weight_decay: {kind: constant, value: 0.9}", "weight_decay"),
        ("other: {eps: {kind: constant, value: 0.9}}", "eps"),
        ("groups: {head: {scale: 2}}", "the group head"),
    ],
)
def test_more_than_a_learning_rate_is_refused(more: str, what: str) -> None:
    document = lrspec.loads(TEXT % more)
    with pytest.raises(UnsupportedError, match=f"keras: {what} is not supported: its schedules hold a learning rate"):
        document.to_keras()
    assert float(document["learning_rate"].to_keras()(0)) == 0.5
