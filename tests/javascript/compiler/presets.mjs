// docs/presets.md: the arguments of each preset, and the tree that it stands for.
import { Fraction, ONE, ZERO, bits, isqrt, nearest, ofNumber, whole } from "./numbers.mjs";
import { LAST_STEP, refuseUnless } from "./formula.mjs";
import * as fields from "./fields.mjs";
import { FIELDS, makeNode } from "./kinds.mjs";

const { factor, flag, integer, length, list, numberIn, period, steps, value, word } = fields;
const length0 = fields.lengthFrom((q) => q.num >= 0n);
const positive = numberIn(0, null, true);
const share = numberIn(0, 1, true);
const AFTER = [word("hold", "continue", "error"), "hold"];
const SHAPE = word("linear", "cosine", "one_minus_sqrt", "exponential", "geometric");
const WARMUP = [word("k/W", "(k+1)/W", "(k+1)/(W+1)", "k/(W-1)"), "k/W"];
const decayFrom = (usual) => [word("warmup_end", "start"), usual];
const INIT = [value, ZERO];
const RATES = { decay_rate: [positive, undefined], decay_rates: [list(positive), undefined] };

/** A node of a tree: what is not given has the kind's default. */
function node(kind, given) {
  const rules = FIELDS[kind];
  for (const name of Object.keys(given)) refuseUnless(Object.hasOwn(rules, name), `a ${kind} has no ${name}`);
  const all = Object.entries(rules).map(([name, rule]) => [name, given[name] ?? rule[1]]);
  for (const [name, read] of all) {
    refuseUnless(read !== undefined || rules[name].length > 1, `no ${name}`);
    if (read instanceof Fraction) checkAgain(rules[name][0], read);
  }
  return makeNode(kind, Object.fromEntries(all));
}

/** Numbers that a preset has computed must be right for the field: those of a rule that reads numbers alone. */
function checkAgain(rule, read) {
  if (rule === value || rule === fields.start) refuseUnless(fields.isValue(read), "no value");
  if (rule.bounds) refuseUnless(rule.bounds(read), "a number out of its range");
}

const sequence = (parts, time = "local") => (parts.length === 1 ? parts[0] : node("sequence", { parts, time }));
const time = ({ decay_from }) => (decay_from === "start" ? "global" : "local");

function warmup({ warmup_steps: W, init_value, peak_value, warmup: way = "k/W" }) {
  const line = (end) => node("linear", { init_value, end_value: peak_value, steps: end });
  const isShort = !ONE.isBelow(W);
  if (W.num === 0n) return [];
  if (way === "k/W") return [line(W)];
  if (way === "(k+1)/W" && isShort) return [node("constant", { value: peak_value, steps: W })];
  if (way === "k/(W-1)" && isShort) return [node("constant", { value: init_value, steps: W })];
  if (way === "k/(W-1)") return [node("freeze", { steps: W, part: line(W.minus(ONE)) })];
  const part = node("shift", { by: ONE, part: line(way === "(k+1)/W" ? W : W.plus(ONE)) });
  return [node("freeze", { steps: W, part })];
}

/** The binary64 number nearest to a fraction. */
function rounded(q) {
  if (q.num === 0n) return q;
  const unit = bits(q.num) - bits(q.den) - 53n;
  for (const shift of [unit, unit + 1n]) {
    const m = shift > 0n ? nearest(q.num, q.den << shift) : nearest(q.num << -shift, q.den);
    if (bits(m) <= 53n || m === 1n << 53n) return shift > 0n ? new Fraction(m << shift) : new Fraction(m, 1n << -shift);
  }
}

const double = (q) => Number(q.num) / Number(q.den); // exact: q is a binary64 number
const inDoubles = (f, ...numbers) => {
  const result = f(...numbers.map(toDouble));
  refuseUnless(Number.isFinite(result), "a number beyond binary64");
  return ofNumber(result);
};

/** A binary64 number that is held as a fraction; both parts may be beyond binary64. */
function toDouble(q) {
  const shift = bits(q.den) - 1n;
  if (shift <= 1000n) return double(q);
  return Number(q.num) / 2 ** 1000 / 2 ** Number(shift - 1000n);
}

function levels(first, boundaries, { decay_rate, decay_rates }) {
  refuseUnless(!(decay_rate && decay_rates), "decay_rate and decay_rates");
  const rates = decay_rates ?? boundaries.map(() => decay_rate ?? ofNumber(0.1));
  refuseUnless(rates.length === boundaries.length, "a decay_rate for each boundary");
  let exact = first;
  return [first, ...rates.map((rate) => rounded((exact = exact.times(rate))))];
}

const stepLevels = (first, args) =>
  node("piecewise_constant", { boundaries: args.boundaries, values: levels(first, args.boundaries, args) });

const WARM = { peak_value: [value], warmup_steps: [length0] };
const WARM_DECAY = {
  ...WARM, decay_steps: [length], init_value: INIT, end_value: INIT, warmup: WARMUP,
  decay_from: decayFrom("warmup_end"), after: AFTER,
};

function warmThen(kind) {
  return (args) => {
    const { peak_value: init_value, end_value, decay_steps: end, after, power } = args;
    const decay = node(kind, { init_value, end_value, steps: end, after, ...(power ? { power } : {}) });
    return sequence([...warmup(args), decay], time(args));
  };
}

function cooldown({ shape, peak_value: init_value, end_value, decay_steps: end, after }) {
  const given = { init_value, end_value, steps: end, after };
  if (shape === "one_minus_sqrt") return node("one_minus_power", { ...given, power: ofNumber(0.5) });
  if (shape === "exponential") return node("normalized_exponential", { ...given, ratio: ofNumber(0.5) });
  return node(shape, given);
}

/** The phases of one_cycle: values at their ends. */
function cycle({ total_steps, pct_start, shape, three_phase, after }, low, high, last) {
  refuseUnless(["cosine", "linear"].includes(shape), `the shape ${shape}`);
  const up = inDoubles((share_, n) => share_ * n - 1, pct_start, total_steps);
  const end = three_phase ? inDoubles((share_, n) => 2 * share_ * n - 2, pct_start, total_steps) : up;
  const rest = total_steps.minus(ONE).minus(end);
  const lengths = three_phase ? [up, end.minus(up), rest] : [up, rest];
  const isLength = (q) => q.num > 0n && q.den < 1n << 63n;
  refuseUnless(lengths.every(isLength), "phases without steps");
  const values = three_phase ? [low, high, low, last] : [low, high, last];
  const parts = lengths.map((q, i) => {
    const isLast = i === lengths.length - 1;
    return node(shape, { init_value: values[i], end_value: values[i + 1], steps: q, ...(isLast ? { after } : {}) });
  });
  return sequence(parts);
}

const zigzag = ({ up_steps, down_steps }, low, high) =>
  sequence([
    node("linear", { init_value: low, end_value: high, steps: up_steps }),
    node("linear", { init_value: high, end_value: low, steps: down_steps ?? up_steps }),
  ]);

const CYCLE = { total_steps: [steps], pct_start: [share, ofNumber(0.3)], shape: [SHAPE, "cosine"], three_phase: [flag, false], after: AFTER };
const ZIGZAG = { init_value: [value], peak_value: [value], up_steps: [length], down_steps: [length, undefined] };

function noam({ model_size, warmup_steps: W, factor: by, n }) {
  refuseUnless(W.num > 0n, "warmup_steps of 0");
  const s = by.times(by).over(whole(model_size).times(W));
  const peak = rounded(new Fraction(isqrt(s.times(whole(1n << 400n)).floor()), 1n << 200n));
  const part = sequence(
    [
      node("linear", { init_value: ZERO, end_value: peak, steps: W }),
      node("power_law", { init_value: peak, power: ofNumber(0.5), timescale: W }),
    ],
    "global",
  );
  if (n === "t") return part;
  return node("shift", n === "t+1" ? { by: ONE, part } : { by: ZERO, min_time: ONE, part });
}

function cosineRestarts(args) {
  const { peak_value, end_value, cycle_steps, cycle_warmup_steps: W, peak_mult, scaling } = args;
  refuseUnless(W.isBelow(cycle_steps), "a warmup as long as its cycle");
  const decay = node("cosine", { init_value: peak_value, end_value, steps: cycle_steps.minus(W) });
  const part = sequence([...warmup({ warmup_steps: W, init_value: end_value, peak_value }), decay]);
  const scaled = peak_mult.equals(ONE) ? {} : { peak_mult, scaling };
  if (scaled.scaling && scaling !== "all") scaled.floor_value = end_value;
  if (scaled.scaling === "peak") scaled.peak_value = peak_value;
  const { cycle_mult, num_cycles } = args;
  const cycles = node("repeat", { part, cycle_mult, num_cycles, fixed_steps: W, ...scaled });
  return sequence([...warmup(args), cycles], time(args));
}

export const PRESETS = {
  warmup_cosine: { args: WARM_DECAY, tree: warmThen("cosine") },
  warmup_linear: { args: WARM_DECAY, tree: warmThen("linear") },
  warmup_polynomial: { args: { ...WARM_DECAY, power: [positive] }, tree: warmThen("polynomial") },
  warmup_constant: {
    args: { ...WARM, init_value: INIT, warmup: WARMUP },
    tree: (args) => sequence([...warmup(args), node("constant", { value: args.peak_value })]),
  },
  warmup_exponential: {
    args: {
      ...WARM, decay_rate: [positive], decay_period: [period], staircase: [flag, false], init_value: INIT,
      warmup: WARMUP, decay_from: decayFrom("warmup_end"),
    },
    tree(args) {
      const { peak_value: init_value, decay_rate, decay_period, staircase } = args;
      return sequence([...warmup(args), node("exponential", { init_value, decay_rate, decay_period, staircase })], time(args));
    },
  },
  warmup_multi_step: {
    args: { ...WARM, boundaries: [list(steps)], ...RATES, init_value: INIT, warmup: WARMUP, decay_from: decayFrom("start") },
    tree: (args) => sequence([...warmup(args), stepLevels(args.peak_value, args)], time(args)),
  },
  step: {
    args: { init_value: [value], decay_period: [period], decay_rate: [positive, ofNumber(0.1)] },
    tree: (args) => node("exponential", { ...args, staircase: true }),
  },
  multi_step: {
    args: { init_value: [value], boundaries: [list(steps)], ...RATES },
    tree: (args) => stepLevels(args.init_value, args),
  },
  inverse_sqrt: {
    args: { ...WARM, init_value: INIT, warmup: WARMUP },
    tree(args) {
      refuseUnless(args.warmup_steps.num > 0n, "warmup_steps of 0");
      const decay = { init_value: args.peak_value, power: ofNumber(0.5), timescale: args.warmup_steps };
      return sequence([...warmup(args), node("power_law", decay)], "global");
    },
  },
  noam: {
    args: {
      model_size: [integer(1n, LAST_STEP)], warmup_steps: [length0], factor: [positive, ONE],
      n: [word("t+1", "max(t,1)", "t"), "t+1"],
    },
    tree: noam,
  },
  wsd: {
    args: {
      ...WARM, stable_steps: [length0], decay_steps: [length], init_value: INIT, end_value: INIT,
      shape: [SHAPE, "linear"], warmup: WARMUP, after: AFTER,
    },
    tree(args) {
      const { stable_steps, peak_value } = args;
      const stable = stable_steps.num > 0n ? [node("constant", { value: peak_value, steps: stable_steps })] : [];
      return sequence([...warmup(args), ...stable, cooldown(args)]);
    },
  },
  one_cycle: {
    args: { peak_value: [value], ...CYCLE, div_factor: [positive, whole(25)], final_div_factor: [positive, whole(10000)] },
    tree(args) {
      const first = inDoubles((a, b) => a / b, args.peak_value, args.div_factor);
      const last = inDoubles((a, b) => a / b, first, args.final_div_factor);
      return cycle(args, first, args.peak_value, last);
    },
  },
  one_cycle_momentum: {
    args: { ...CYCLE, base_momentum: [value, ofNumber(0.85)], max_momentum: [value, ofNumber(0.95)] },
    tree: (args) => cycle(args, args.max_momentum, args.base_momentum, args.max_momentum),
  },
  triangular: {
    args: ZIGZAG,
    tree: (args) => node("repeat", { part: zigzag(args, args.init_value, args.peak_value) }),
  },
  triangular2: {
    args: ZIGZAG,
    tree(args) {
      const part = zigzag(args, args.init_value, args.peak_value);
      return node("repeat", { part, peak_mult: ofNumber(0.5), scaling: "height", floor_value: args.init_value });
    },
  },
  exp_range: {
    args: { ...ZIGZAG, decay_rate: [positive], total_steps: [steps] },
    tree(args) {
      const repeat = node("repeat", { part: zigzag(args, ZERO, ONE) });
      const decay = node("exponential", { init_value: ONE, decay_rate: args.decay_rate, decay_period: ONE });
      const scale = inDoubles((a, b) => a - b, args.peak_value, args.init_value);
      const part = node("affine", { part: node("product", { parts: [repeat, decay] }), scale, offset: args.init_value });
      return node("freeze", { part, steps: args.total_steps });
    },
  },
  sigmoid: {
    args: {
      init_value: [value], end_value: [value], steps: [length], steepness: [numberIn(0, 200, true), whole(10)],
      after: AFTER,
    },
    tree({ init_value, end_value, steps: end, steepness, after }) {
      const upper = inDoubles((a) => a / 4, steepness);
      return node("tanh", { init_value, end_value, steps: end, lower: upper.negated(), upper, after });
    },
  },
  cosine_restarts: {
    args: {
      peak_value: [value], cycle_steps: [length], end_value: INIT, cycle_mult: [factor, ONE], peak_mult: [positive, ONE],
      scaling: [word("all", "height", "peak"), "peak"], num_cycles: [integer(1n, LAST_STEP), undefined],
      cycle_warmup_steps: [length0, ZERO], warmup_steps: [length0, ZERO], init_value: INIT, warmup: WARMUP,
      decay_from: decayFrom("warmup_end"),
    },
    tree: cosineRestarts,
  },
};
