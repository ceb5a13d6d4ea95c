// C12 and C13: the curve of each kind, and its end.
import { Fraction, ONE, abs, max, modulo, quotient, whole } from "./numbers.mjs";
import { fixed, ln2, log2of, pi, timesExp2, timesPower, total, versine } from "./functions.mjs";
import { LAST_STEP, Run, constant, formula, joined, refuseUnless, span } from "./formula.mjs";
import { changeOf } from "./bounds.mjs";
import { listFormula, stairs, tableFormula } from "./stairs.mjs";

const HALF = new Fraction(1n, 2n);

/** log * q, for a logarithm and a fraction. */
const share = (log, q) => quotient(log * q.num, q.den);

const difference = (node) => node.init_value.minus(node.end_value);

/** pi * |1 - (2 * cycles * x^k_decay mod 2)| */
function way({ steps, cycles, k_decay }, t, p) {
  if (!k_decay.equals(ONE)) {
    const two = 1n << (p + 17n);
    const y = modulo(timesPower(whole(2).times(cycles), t.over(steps), k_decay, p + 16n), two);
    return (pi(p) * abs(two / 2n - y)) >> (p + 16n);
  }
  const q =
    cycles.equals(HALF) && !steps.isBelow(t)
      ? steps.minus(t).over(steps)
      : ONE.minus(whole(2).times(cycles).times(t).over(steps).modulo(whole(2))).size();
  return quotient(pi(p + 16n) * q.num, q.den << 16n);
}

/** What each ramp adds to its end value, at a time t with precision p. */
const SHARES = {
  linear: (node, t, p) => timesPower(difference(node), node.steps.minus(t).over(node.steps), ONE, p),
  polynomial(node, t, p) {
    const { steps, power, k_decay } = node;
    if (k_decay.equals(ONE)) return timesPower(difference(node), steps.minus(t).over(steps), power, p);
    const left = (1n << p) - timesPower(ONE, t.over(steps), k_decay, p);
    return timesPower(difference(node), new Fraction(max(left, 0n), 1n << p), power, p);
  },
  cosine(node, t, p) {
    const D = difference(node);
    const v = versine(way(node, t, p), p);
    if (node.exponent.equals(ONE)) return quotient(v * D.num, 2n * D.den);
    return timesPower(D, new Fraction(v, 1n << (p + 1n)), node.exponent, p);
  },
  sine(node, t, p) {
    const D = difference(node);
    const q = node.steps.minus(t).over(node.steps);
    return quotient(versine(quotient(pi(p + 16n) * q.num, q.den << 17n), p) * D.num, D.den);
  },
  one_minus_power(node, t, p) {
    if (t.equals(node.steps)) return 0n;
    const D = difference(node);
    return fixed(D, p) - timesPower(D, t.over(node.steps), node.power, p);
  },
  normalized_exponential(node, t, p) {
    if (t.equals(node.steps)) return 0n;
    const f = difference(node).over(ONE.minus(node.ratio));
    return timesExp2(f, share(log2of(node.ratio), t.over(node.steps)), p) - fixed(f.times(node.ratio), p);
  },
  tanh(node, t, p) {
    const D = difference(node);
    const y = node.lower.plus(node.upper.minus(node.lower).times(t).over(node.steps));
    const g = timesExp2(ONE, share(quotient(2n << 384n, ln2(192n)), y), p);
    return quotient(D.num << (2n * p), D.den * (g + (1n << p)));
  },
  logarithmic(node, t, p) {
    const D = difference(node);
    const log = log2of(ONE.plus(node.steps).over(ONE.plus(t)));
    return quotient((log * D.num) << p, log2of(ONE.plus(node.steps)) * D.den);
  },
  rex(node, t, p) {
    const left = node.steps.minus(t);
    return timesPower(whole(2).times(difference(node)), left.over(node.steps.plus(left)), ONE, p);
  },
};

const RATIONAL = {
  linear: () => true,
  rex: () => true,
  polynomial: ({ power, k_decay }) => k_decay.equals(ONE) && power.isInteger() && power.num <= 16n,
};

function ramp(node) {
  const isRational = RATIONAL[node.kind]?.(node) ?? false;
  const isExact = node.kind === "cosine" && !node.exponent.equals(ONE);
  return (t, p) => {
    if (t.num === 0n && isExact) return fixed(node.init_value, p);
    const [a, b] = [fixed(node.end_value, p), SHARES[node.kind](node, t, p)];
    return t.num === 0n || isRational ? a + b : total(a, b);
  };
}

/** The curves that are no ramps: of a time, or of the number of a stair, for which `period` is 1. */
const CURVES = {
  constant: (node) => (t, p) => fixed(node.value, p),
  geometric: (node) => (t, p) => {
    if (t.equals(node.steps)) return fixed(node.end_value, p);
    return timesExp2(node.init_value, share(log2of(node.end_value.over(node.init_value)), t.over(node.steps)), p);
  },
  exponential: (node, period) => (t, p) =>
    timesExp2(node.init_value, share(log2of(node.decay_rate), t.over(period)), p),
  inverse_time: (node, period) => (t, p) =>
    fixed(node.init_value.over(ONE.plus(node.decay_rate.times(t).over(period))), p),
  power_law: (node) => (t, p) => {
    const time = t.plus(node.offset);
    refuseUnless(time.num > 0n, "a power_law at a time that is not above 0");
    return timesPower(node.init_value, node.timescale.over(time), node.power, p);
  },
};

const FADING = {
  exponential: (node) => node.decay_rate.isBelow(ONE),
  inverse_time: () => true,
  power_law: () => true,
};

function waveTime({ kind, cycles, steps, k_decay, after }) {
  if (kind !== "cosine" || !(HALF.isBelow(cycles) || after === "continue")) return null;
  const one = whole(2).times(cycles);
  if (!k_decay.isBelow(ONE)) return steps.over(one.times(k_decay));
  return new Fraction(timesPower(steps, ONE.over(one), ONE.over(k_decay), 64n), 1n << 64n);
}

function shape(node, clock) {
  const isFading = FADING[node.kind]?.(node) ?? false;
  if (node.staircase) {
    const c = CURVES[node.kind](node, ONE);
    return stairs(clock, { curve: (k, p) => c(new Fraction(k), p), isFading }, node.decay_period);
  }
  const c = node.kind in SHARES ? ramp(node) : CURVES[node.kind](node, node.decay_period);
  const time = waveTime(node);
  const wave = time === null ? 0n : max(1n, time.over(clock.rate).floor());
  const isCycle = node.kind === "cosine" && node.after === "continue";
  const period = isCycle ? node.steps.over(node.cycles).over(clock.rate).num : 0n;
  const curve = (k, p) => c(clock.at(k), p);
  return formula([new Run([span(curve, { isFading, wave, change: changeOf(node, curve, clock) })], { period })]);
}

function endValue(node) {
  if (node.kind === "table") return (p) => fixed(node.values.at(-1), p);
  if (node.kind in SHARES) return (p) => ramp(node)(node.steps, p);
  if (node.staircase) {
    const stair = new Fraction(node.steps.over(node.decay_period).floor());
    return (p) => CURVES[node.kind](node, ONE)(stair, p);
  }
  return (p) => CURVES[node.kind](node, node.decay_period)(node.steps, p);
}

/** The formula of a curve over a clock. */
export function curveFormula(node, clock) {
  const hasEnd = node.steps !== undefined && node.after !== "continue";
  const end = hasEnd ? clock.first(node.steps) : clock.stop;
  const lastStep = hasEnd && node.after === "error" ? end - 1n : LAST_STEP;
  if (node.kind === "constant")
    return formula([new Run([constant((p) => fixed(node.value, p))])], lastStep);
  if (node.kind === "piecewise_constant") return formula([listFormula(node, clock)], lastStep);
  const shaped = node.kind === "table" ? tableFormula : shape;
  if (!hasEnd) return shaped(node, clock);
  const found = shaped(node, clock.upTo(max(end, 1n)));
  if (end === clock.stop) return formula(found.runs, lastStep);
  const held = formula([new Run([constant(endValue(node))])]);
  return formula(joined([0n, found], [end, held]).runs, lastStep);
}

