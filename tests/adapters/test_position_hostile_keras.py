"""Files of Keras that are damaged, or made to do harm."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import lrspec

h5py = pytest.importorskip("h5py")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return a model's file after three updates."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.AdamW(0.1), loss="mse")
    model.fit(np.ones((6, 1)), np.ones((6, 1)), batch_size=2, verbose=0)
    model.save(tmp_path / "run.keras")
    model.save_weights(tmp_path / "run.weights.h5")
    assert lrspec.position(tmp_path / "run.keras").updates == 3
    return tmp_path / "run.keras"


def repacked(good: Path, method: int, **changed: bytes) -> Path:
    bad = good.with_name("bad.keras")
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(bad, "w", method) as new:
        for member in archive.namelist():
            new.writestr(member, changed.get(member.partition(".")[0], archive.read(member)))
    return bad


def test_a_model_that_was_packed_again_is_read(saved: Path) -> None:
    assert lrspec.position(repacked(saved, zipfile.ZIP_DEFLATED)).updates == 3


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_what_keras_does_not_pack_with_is_refused(method: int, saved: Path) -> None:
    bad = repacked(saved, method)
    content = bytearray(bad.read_bytes())
    for place in (None, *range(60, 400, 20)):
        if place is not None:
            content[place] ^= 0xFF
            bad.write_bytes(content)
        with pytest.raises(lrspec.LrspecError, match=r"bad\.keras"):
            lrspec.position(bad)


@pytest.mark.parametrize("member", ["config", "model"])
def test_a_file_that_unpacks_to_more_than_it_is_read_for_is_refused(member: str, saved: Path) -> None:
    with pytest.raises(lrspec.LrspecError, match="in it is larger than"):
        lrspec.position(repacked(saved, zipfile.ZIP_DEFLATED, **{member: b" " * (2**26 + 1)}))


def test_a_config_that_is_deep_is_refused(saved: Path) -> None:
    with pytest.raises(lrspec.LrspecError, match=r"bad\.keras"):
        lrspec.position(repacked(saved, zipfile.ZIP_STORED, config=b"[" * 100_000))


@pytest.mark.parametrize("kind", ["external storage", "external link", "soft link", "virtual"])
def test_what_stands_in_another_file_is_not_read(kind: str, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(np.int64(77).tobytes())
    with h5py.File(tmp_path / "secret.h5", "w") as other:
        other["count"] = np.int64(77)
    weights = saved.with_name("run.weights.h5")
    with h5py.File(weights, "r+") as file:
        place: Any = file["optimizer/vars"]
        del place["0"]
        if kind == "external storage":
            how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            how.set_external(str(tmp_path / "secret").encode(), 0, 8)
            scalar = h5py.h5s.create(h5py.h5s.SCALAR)
            h5py.h5d.create(place.id, b"0", h5py.h5t.NATIVE_INT64, scalar, how)
        elif kind == "external link":
            place["0"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/count")
        elif kind == "soft link":
            place["0"] = h5py.SoftLink("/optimizer/vars/1")
        else:
            layout = h5py.VirtualLayout((1,), "i8")
            layout[0] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "count", (1,))[0]
            place.create_virtual_dataset("0", layout)
    with pytest.raises(lrspec.LrspecError, match=r"run\.weights\.h5"):
        lrspec.position(weights, gradient_accumulation_steps=1)


def test_a_negative_counter_is_refused(saved: Path) -> None:
    weights = saved.with_name("run.weights.h5")
    with h5py.File(weights, "r+") as file:
        file["optimizer/vars/0"][()] = -3
    with pytest.raises(lrspec.LrspecError, match="iterations is -3: expected a count from 0"):
        lrspec.position(weights, gradient_accumulation_steps=1)
