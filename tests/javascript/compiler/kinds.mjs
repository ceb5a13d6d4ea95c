// "Curves" and "Combinators" of docs/spec.md: the fields of each kind, what they must be together, lengths, formulas.
import { Fraction, ONE, ofNumber, whole } from "./numbers.mjs";
import { LAST_STEP, refuseUnless } from "./formula.mjs";
import * as fields from "./fields.mjs";
import { curveFormula } from "./curves.mjs";
import { affine, every, freeze, sequence, shift, stretch } from "./combinators.mjs";
import { largestTerm } from "./terms.mjs";
import { clamp, exp, maximum, minimum, power as powerOf, product, sumOfParts } from "./merged.mjs";
import { repeat, repeatLength } from "./repeat.mjs";

const { PREVIOUS, factor, flag, length, list, number, numberIn, period, start, steps, value, word } = fields;

const AFTER = [word("hold", "continue", "error"), "hold"];
const AFTER_END = [word("hold", "error"), "hold"];
const power = numberIn(0, 100, true);
const positive = numberIn(0, null, true);
const node = (given, context) => context.node(given);
const nodes = list(node);
const RAMP = { init_value: [start], end_value: [value], steps: [length] };
const DECAY = {
  init_value: [start], decay_rate: [positive], decay_period: [period], staircase: [flag, false],
  steps: [length, undefined], after: AFTER,
};

// of each field: how it is read, and its default where it has one
export const FIELDS = {
  constant: { value: [value], steps: [length, undefined], after: AFTER },
  linear: { ...RAMP, after: AFTER },
  polynomial: { ...RAMP, power: [power], k_decay: [power, ONE], after: AFTER },
  cosine: {
    ...RAMP, cycles: [numberIn(0, 10000, true), new Fraction(1n, 2n)], exponent: [power, ONE], k_decay: [power, ONE],
    after: AFTER,
  },
  sine: { ...RAMP, after: AFTER_END },
  geometric: { ...RAMP, after: AFTER },
  one_minus_power: { ...RAMP, power: [power], after: AFTER_END },
  normalized_exponential: { ...RAMP, ratio: [numberIn(0, 1 - 2 ** -20, true)], after: AFTER },
  tanh: { ...RAMP, lower: [numberIn(-100, 100)], upper: [numberIn(-100, 100)], after: AFTER },
  logarithmic: { ...RAMP, after: AFTER },
  rex: { ...RAMP, after: AFTER_END },
  exponential: DECAY,
  inverse_time: DECAY,
  power_law: {
    init_value: [start], power: [power], timescale: [period], offset: [fields.atLeast(fields.shift, 0), whole(0)],
    steps: [length, undefined], after: AFTER,
  },
  piecewise_constant: {
    boundaries: [list(steps)], values: [list(value, 4097)], steps: [length, undefined], after: AFTER,
  },
  table: {
    values: [list(value, 65536)], period: [fields.atLeast(period, 1), ONE], after: AFTER_END,
    source: [fields.text, undefined],
  },
  sequence: { parts: [nodes], time: [word("local", "global"), "local"] },
  product: { parts: [nodes] },
  sum: { parts: [nodes] },
  minimum: { parts: [nodes] },
  maximum: { parts: [nodes] },
  clamp: {
    part: [node], min_value: [value, undefined], max_value: [value, undefined],
    outside: [word("hold", "error"), "hold"],
  },
  affine: { part: [node], scale: [number, ONE], offset: [number, whole(0)] },
  power: { part: [node], exponent: [numberIn(-100, 100)] },
  exp: { part: [node], base: [positive, undefined] },
  shift: { part: [node], by: [fields.shift], min_time: [fields.atLeast(fields.shift, 0), whole(0)] },
  freeze: { part: [node], steps: [length], after: AFTER_END },
  repeat: {
    part: [node], cycle_steps: [fields.atLeast(length, 1), undefined], num_cycles: [fields.integer(1n, LAST_STEP), undefined],
    cycle_mult: [fields.atLeast(factor, 1), ONE], cycle_rounding: [word("none", "floor", "ceil"), "none"],
    fixed_steps: [fields.lengthFrom((q) => q.num >= 0n), whole(0)], peak_mult: [positive, ONE], peak_power: [numberIn(0, 100), whole(0)], scaling: [word("all", "height", "peak"), "all"],
    floor_value: [value, whole(0)], peak_value: [value, undefined], after: AFTER_END,
  },
  every: { part: [node], period: [fields.atLeast(period, 1)] },
  stretch: { part: [node], factor: [period] },
};

const SIDE_BY_SIDE = { product, sum: sumOfParts, minimum, maximum };
const FORMULAS = {
  sequence, ...SIDE_BY_SIDE, clamp, affine, power: powerOf, exp, shift, freeze, repeat, every, stretch,
};

const longest = (lengths) => lengths.filter((one) => one !== null).reduce((a, b) => (a && b.isBelow(a) ? a : b), null);

const LENGTHS = {
  table: ({ period: one, values }) => one.times(whole(values.length)),
  sequence({ parts, starts, time }) {
    const [from, last] = [starts.at(-1), parts.at(-1).length];
    if (last === null) return null;
    return time === "local" ? from.plus(last) : longest([from, last]);
  },
  ...Object.fromEntries(Object.keys(SIDE_BY_SIDE).map((kind) => [kind, ({ parts }) => longest(parts.map((p) => p.length))])),
  clamp: ({ part }) => part.length,
  affine: ({ part }) => part.length,
  power: ({ part }) => part.length,
  exp: ({ part }) => part.length,
  shift: ({ part, by }) => part.length && part.length.minus(by),
  repeat: (one) => (one.num_cycles === undefined ? null : repeatLength(one)),
  every: (one) => one.part.length && one.part.length.times(one.period),
  stretch: ({ part, factor: by }) => part.length && part.length.times(by),
};

const is = (q, wanted) => q.equals(wanted);
const isWhole = (q) => q.isInteger();
const SMALLEST_EXPONENT = ofNumber(0.01);
const FARTHEST = whole(LAST_STEP);
const LONGEST_STAIR = whole((1n << 31n) - (1n << 18n));

function checkDecay({ staircase, decay_period: one }) {
  return !staircase || !(one.isBelow(ONE) || LONGEST_STAIR.isBelow(one));
}

const CHECKS = {
  polynomial: (one) => one.after !== "continue" || (isWhole(one.power) && is(one.k_decay, ONE)),
  cosine: (one) => one.after !== "continue" || (isWhole(one.steps.over(one.cycles)) && is(one.k_decay, ONE)),
  geometric(one) {
    const signs = [one.init_value, one.end_value].filter((v) => v !== PREVIOUS).map((v) => v.num > 0n);
    const isZero = one.end_value.num === 0n || one.init_value.num === 0n;
    return !isZero && new Set(signs).size === 1;
  },
  tanh: (one) => one.lower.isBelow(one.upper),
  exponential: checkDecay,
  inverse_time: checkDecay,
  piecewise_constant({ boundaries, values, steps: end }) {
    const grow = boundaries.every((b, i) => i === 0 || boundaries[i - 1].isBelow(b));
    return grow && values.length === boundaries.length + 1 && (end === undefined || boundaries.at(-1).isBelow(end));
  },
  sequence({ parts, starts }) {
    const isGrowing = starts.every((from, i) => i === 0 || starts[i - 1].isBelow(from));
    return isGrowing && !FARTHEST.isBelow(starts.at(-1)) && parts.slice(0, -1).every(canBeFollowed);
  },
  clamp: ({ min_value: low, max_value: high }) =>
    (low ?? high) !== undefined && (low === undefined || high === undefined || !high.isBelow(low)),
  power: ({ exponent }) => !exponent.size().isBelow(SMALLEST_EXPONENT),
  exp: ({ part }) => !(largestTerm(part) > 2 ** 32),
  shift: (one) => one.length === null || one.length.num > 0n,
  repeat(one) {
    const hasPeak = one.peak_value !== undefined;
    const { scaling, floor_value: floor } = one;
    if (one.num_cycles === undefined && one.after !== "hold") return false;
    if (scaling === "all" && floor.num !== 0n) return false;
    if (!one.fixed_steps.isBelow(one.cycle_steps)) return false;
    return hasPeak === (scaling === "peak") && !(hasPeak && one.peak_value.equals(floor));
  },
};

/** Whether another part may come after one: a curve at its end must not say anything but hold. */
function canBeFollowed({ kind, after, parts }) {
  if (kind === "sequence") return canBeFollowed(parts.at(-1));
  return kind in FORMULAS || after === "hold";
}

function startsOf({ parts, time }) {
  const starts = [whole(0)];
  for (const part of parts.slice(0, -1)) {
    refuseUnless(part.length !== null, "a part without an end before another one");
    starts.push(time === "local" ? starts.at(-1).plus(part.length) : part.length);
  }
  return starts;
}

/** A node, of its kind and fields; a Refusal where they do not go together. */
export function makeNode(kind, given) {
  const made = { kind, ...given };
  made.depth = 1 + Math.max(0, ...[made.part, ...(made.parts ?? [])].map((inner) => inner?.depth ?? 0));
  if (kind === "sequence") made.starts = startsOf(made);
  if (kind === "repeat" && made.cycle_steps === undefined) {
    refuseUnless(made.part.length !== null && !made.part.length.isBelow(ONE), "a cycle without a length");
    made.cycle_steps = made.part.length;
  }
  made.length = kind in LENGTHS ? LENGTHS[kind](made) : made.steps ?? null;
  if (!(kind in FORMULAS) && kind !== "table" && made.steps === undefined)
    refuseUnless(made.after === "hold", "an `after` without an end");
  refuseUnless(CHECKS[kind]?.(made) ?? true, `a ${kind} whose fields do not go together`);
  if (kind === "table") made.steps = made.length;
  made.formula = (clock) => (kind in FORMULAS ? FORMULAS[kind](made, clock) : curveFormula(made, clock));
  return made;
}

