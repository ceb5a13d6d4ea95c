"""Schedules of TensorFlow 1 and of TF-Keras: read as objects, and replaced in a graph that trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import lrspec
from lrspec.readers import read_native

if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow's own", allow_module_level=True)
V1: Any = tf.compat.v1.train
Make = Callable[[Any], Any]

FUNCTIONS: dict[str, tuple[Make, Callable[[], Any]]] = {
    "exponential": (
        lambda step: V1.exponential_decay(0.1, step, 64, 0.5),
        lambda: lrspec.Exponential(init_value=0.1, decay_period=64, decay_rate=0.5),
    ),
    "exponential, stairs": (
        lambda step: V1.exponential_decay(0.1, step, 41, 0.9, staircase=True),
        lambda: lrspec.Exponential(init_value=0.1, decay_period=41, decay_rate=0.9, staircase=True),
    ),
    "exponential, of tensors": (
        lambda step: V1.exponential_decay(tf.constant(0.1), step, tf.constant(64), tf.constant(0.96)),
        lambda: lrspec.Exponential(init_value=0.1, decay_period=64, decay_rate=0.96),
    ),
    "inverse time": (
        lambda step: V1.inverse_time_decay(0.1, step, 50, 0.5, staircase=True),
        lambda: lrspec.InverseTime(init_value=0.1, decay_period=50, decay_rate=0.5, staircase=True),
    ),
    "piecewise constant": (
        lambda step: V1.piecewise_constant(step, [50, 90], [0.1, 0.01, 0.001]),
        lambda: lrspec.PiecewiseConstant(boundaries=[51, 91], values=[0.1, 0.01, 0.001]),
    ),
    "polynomial": (
        lambda step: V1.polynomial_decay(0.1, step, 100, 0.01, power=2.0),
        lambda: lrspec.Polynomial(init_value=0.1, end_value=0.01, steps=100, power=2.0),
    ),
    "cosine": (
        lambda step: V1.cosine_decay(0.1, step, 100, alpha=0.1),
        lambda: lrspec.Cosine(init_value=0.1, end_value=0.01, steps=100),
    ),
    "cosine, restarts": (
        lambda step: V1.cosine_decay_restarts(0.1, step, 32),
        lambda: lrspec.Repeat(part=lrspec.Cosine(init_value=0.1, end_value=0.0, steps=32), cycle_mult=2),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_tensorflow_1_is_read(name: str) -> None:
    make, expected = FUNCTIONS[name]
    step = tf.Variable(7, trainable=False, dtype=tf.int64)
    reading = read_native(make(step))
    assert reading.schedule == expected()
    assert (reading.framework, reading.position) == ("keras", 7)
    step.assign(30)
    assert abs(float(make(step)()) - float(reading.schedule(30))) <= 2e-7 * 0.1


@pytest.mark.parametrize(
    ("make", "at"),
    [
        (lambda step: V1.natural_exp_decay(0.1, step, 50, 0.5), lambda t: 0.1 * np.exp(-0.5 * t / 50)),
        (
            lambda step: V1.linear_cosine_decay(0.1, step, 100, num_periods=1.5, alpha=0.2, beta=0.01),
            lambda t: 0.1 * ((0.2 + 1 - t / 100) * 0.5 * (1 + np.cos(np.pi * 3 * t / 100)) + 0.01),
        ),
    ],
)
def test_what_has_another_form_here_has_the_values(make: Make, at: Callable[[int], float]) -> None:
    schedule = lrspec.from_native(make(tf.Variable(0)))
    assert max(abs(float(schedule(t)) - at(t)) for t in range(101)) < 1e-8


def test_a_step_that_is_a_number_is_told() -> None:
    reading = read_native(V1.exponential_decay(0.1, 5, 64, 0.5))
    assert reading.position is None
    assert any("the number 5, at which it stays" in fault for fault in reading.native_faults)


def test_noise_is_refused_by_name() -> None:
    with pytest.raises(lrspec.UnsupportedError, match="NoisyLinearCosineDecay is not supported: a rate with noise"):
        lrspec.from_native(V1.noisy_linear_cosine_decay(0.1, tf.Variable(0), 100))


def test_one_that_was_changed_is_no_match() -> None:
    made = V1.exponential_decay(0.1, tf.Variable(0), 64, 0.5)
    kind = type(made.func)
    wrong = type(kind.__name__, (kind,), {"__call__": lambda self, step: kind.__call__(self, step) * 1.001})
    wrong.__module__ = kind.__module__
    made.func.__class__ = wrong
    with pytest.raises(lrspec.MismatchError, match="the object itself gives"):
        lrspec.from_native(made)


def test_an_optimizer_of_tensorflow_1_holds_one() -> None:
    rate = V1.exponential_decay(0.1, tf.Variable(3), 64, 0.5)
    reading = read_native(V1.GradientDescentOptimizer(rate))
    assert reading.schedule == lrspec.Exponential(init_value=0.1, decay_period=64, decay_rate=0.5)
    assert reading.position == 3
    for optimizer in (V1.AdamOptimizer, V1.RMSPropOptimizer, V1.AdagradOptimizer, V1.AdadeltaOptimizer):
        assert lrspec.from_native(optimizer(0.25)) == lrspec.Constant(value=0.25)


def test_a_tensor_of_a_graph_is_refused_with_what_to_do() -> None:
    with tf.Graph().as_default():
        step = V1.get_or_create_global_step()
        rate = V1.exponential_decay(0.1, step, 64, 0.5)
        for native in (rate, V1.GradientDescentOptimizer(rate)):
            with pytest.raises(lrspec.UnsupportedError, match=r"a tensor of a graph, .* schedule.to_keras\(\)"):
                lrspec.from_native(native)


def applied(rate_of: Make, updates: int) -> list[float]:
    """Return the rates that a graph of TensorFlow 1 trains with: how far a weight with the gradient 1 goes from 0."""
    rates = []
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        step = V1.get_or_create_global_step()
        weight = tf.compat.v1.get_variable("weight", initializer=np.float32(0))
        train = V1.GradientDescentOptimizer(rate_of(step)).minimize(weight * 1.0, global_step=step)
        back = weight.assign(0.0)
        session.run(tf.compat.v1.global_variables_initializer())
        for update in range(updates):
            assert session.run(step) == update
            session.run(back)
            session.run(train)
            rates.append(-float(session.run(weight)))
    return rates


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_graph_trains_with_every_bit_of_a_schedule(name: str) -> None:
    make, expected = FUNCTIONS[name]
    schedule = expected()
    ours = applied(schedule.to_keras(), 130)
    assert ours == [float(schedule(step)) for step in range(130)]
    native = applied(make, 130)
    near = [abs(a - b) <= 1e-6 * 0.1 for a, b in zip(native, ours, strict=True)]
    late = [step for step, is_near in enumerate(near) if not is_near]
    if name == "exponential, stairs":  # the graph multiplies by the float32 nearest to 1 / 41, and comes late to stairs
        assert late
        assert all(step % 41 == 0 for step in late)
    else:
        assert not late


def test_a_checkpoint_of_the_graph_goes_on() -> None:
    """The count is the graph's own variable: what restores it restores the rate."""
    schedule = FUNCTIONS["cosine"][1]()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        step = V1.get_or_create_global_step()
        rate = schedule.to_keras()(step)
        session.run(step.assign(37))
        assert session.run(rate) == schedule(37)
