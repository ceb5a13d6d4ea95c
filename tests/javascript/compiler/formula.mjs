// C4, C10 and C11: clocks, and formulas, which are runs of spans.
import { Fraction, ONE, abs, gcd, max, min, quotient } from "./numbers.mjs";

export const STEPS = 1n << 31n;
export const LAST_STEP = STEPS - 1n;
export const PIECES = 4096n;

/** What docs/spec-compiler.md says to refuse. */
export class Refusal extends Error {}

export function refuseUnless(holds, why) {
  if (!holds) throw new Refusal(why);
}

/** Which times a formula is asked for: step i is at the time offset + rate * i, from 0 to stop - 1. */
export class Clock {
  constructor(offset, rate, stop) {
    Object.assign(this, { offset, rate, stop });
  }

  at(i) {
    return this.offset.plus(this.rate.times(new Fraction(i)));
  }

  /** The first step at or after a time. */
  first(time) {
    return min(max(time.minus(this.offset).over(this.rate).ceil(), 0n), this.stop);
  }

  /** The clock of the steps from a time on, up to another one where it is given. */
  since(from, until = null, isGlobal = false) {
    const start = this.first(from);
    const end = until === null ? this.stop : this.first(until);
    const offset = isGlobal ? this.at(start) : this.at(start).minus(from);
    return new Clock(offset, this.rate, max(end - start, 0n));
  }

  upTo(stop) {
    return new Clock(this.offset, this.rate, stop);
  }
}

// A span: start, curve(k, p), isConstant, isListed, isFading, isZero, wave, hidden, and change(l, r) of bounds.mjs.
// `hidden` is log2 of a number above what was left out of it, or null.

export const span = (curve, more = {}) => ({
  start: 0n, curve, isConstant: false, isListed: false, isFading: false, isZero: false, wave: 0n, hidden: null, ...more,
});
export const constant = (value, start = 0n) => span((_, p) => value(p), { start, isConstant: true });
export const zero = (start) => ({ ...constant(() => 0n, start), isZero: true, hidden: -256n });
export const moved = (one, by) => ({ ...one, start: one.start + by });

/** A span begun at an index: it starts at 0 there. */
export function begun(one, i) {
  const { curve } = one;
  const from = i - one.start;
  const change = one.change && ((l, r) => one.change(l + from, r + from));
  return { ...one, start: 0n, curve: one.isConstant ? curve : (k, p) => curve(k + from, p), change };
}

/** The number of the span that holds at an index. */
export function holding(spans, i) {
  let [low, high] = [0, spans.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (spans[middle].start <= i) low = middle;
    else high = middle;
  }
  return low;
}

export function spansFrom(spans, i) {
  const at = holding(spans, i);
  return [begun(spans[at], i), ...spans.slice(at + 1).map((one) => moved(one, -i))];
}

export const before = (spans, n) => spans.filter((one) => one.start < n);

export const valueOf = (one, i, p) => one.curve(one.isConstant ? 0n : i - one.start, p);

/** Steps from `start` on, with the index floor(u / stride), where u counts from it, modulo `period` where it is not 0. */
export class Run {
  constructor(spans, { start = 0n, stride = ONE, period = 0n } = {}) {
    Object.assign(this, { spans, start, stride, period });
  }

  with(changes) {
    return Object.assign(Object.create(Run.prototype), this, changes);
  }

  get isPlain() {
    return this.period === 0n && this.stride.equals(ONE);
  }

  get isConstant() {
    return this.spans.length === 1 && this.spans[0].isConstant;
  }

  /** How many indices the first n steps use. */
  indices(n) {
    const steps = this.period > 0n && this.period < n ? this.period : n;
    return new Fraction(steps - 1n).over(this.stride).floor() + 1n;
  }
}

export const formula = (runs, lastStep = LAST_STEP) => ({ runs, lastStep });

/** The value of a formula at a step, as a constant span. */
function spanAt({ runs }, step) {
  const run = runs[holding(runs, step)];
  const u = run.period > 0n ? (step - run.start) % run.period : step - run.start;
  const index = new Fraction(u).over(run.stride).floor();
  return piece(run.spans[holding(run.spans, index)], index, 0n);
}

export const valueAt = (f, step, p) => spanAt(f, step).curve(0n, p);

/** One constant span for ever: a node's value at a time. */
export function valueFormula(node, time) {
  const found = node.formula(new Clock(time, ONE, 1n));
  return formula([new Run([spanAt(found, 0n)])], found.lastStep >= 0n ? LAST_STEP : -1n);
}

export function cut(runs, stop) {
  const kept = runs.filter((run) => run.start < stop);
  if (kept.length === 0) return kept;
  const last = kept.pop();
  const spans = last.spans.length > 1 ? before(last.spans, last.indices(stop - last.start)) : last.spans;
  return [...kept, last.with({ spans })];
}

/** Formulas one after another, of pairs [start, formula]. */
export function joined(...parts) {
  let [runs, lastStep] = [[], -1n];
  for (const [start, part] of parts) {
    if (lastStep >= start - 1n) lastStep = min(start + part.lastStep, LAST_STEP);
    runs = cut(runs, start);
    for (const run of part.runs) {
      const last = runs.at(-1);
      const at = start + run.start;
      if (last?.isPlain && run.isPlain) {
        const spans = [...last.spans, ...run.spans.map((one) => moved(one, at - last.start))];
        runs[runs.length - 1] = last.with({ spans });
      } else runs.push(run.with({ start: at }));
    }
  }
  return formula(runs, lastStep);
}

/** Whether a span that fades is 0 at an index, and at all that follow. */
export const hasFaded = (one, k) => abs(one.curve(k, 256n)) <= 1n;

/** The first k of those from `low` to `high` - 1 for which a condition holds, and goes on to hold; otherwise `high`. */
export function firstWhere(condition, low, high) {
  while (low < high) {
    const middle = (low + high) / 2n;
    if (condition(middle)) high = middle;
    else low = middle + 1n;
  }
  return low;
}

export function pieces(spans, n) {
  return before(spans, n).reduce((sum, one, i) => {
    const end = min(spans[i + 1]?.start ?? n, n);
    return sum + (one.isConstant ? 1n : end - one.start);
  }, 0n);
}

/** The spans up to n, where they are few enough to be written out index by index. */
export function writtenOut(spans, n) {
  spans = before(spans, n);
  const last = spans.at(-1);
  if (pieces(spans, n) > PIECES && last.isFading && hasFaded(last, n - 1n - last.start)) {
    const z = firstWhere((k) => hasFaded(last, k - last.start), last.start, n);
    spans = [...before(spans, z), zero(z)];
  }
  refuseUnless(pieces(spans, n) <= PIECES, "more than 4096 pieces");
  return spans;
}

/** Pairs [index, span] for each span's first index where it is constant, and for each of its indices otherwise. */
export function* eachPiece(spans, n) {
  for (const [i, one] of spans.entries()) {
    const end = one.isConstant ? one.start + 1n : min(spans[i + 1]?.start ?? n, n);
    for (let k = one.start; k < end; k += 1n) yield [k, one];
  }
}

/** The span of one index of another one, as a constant that starts somewhere. */
export const piece = (one, k, start) => {
  const { isZero, hidden } = one;
  return { ...constant((p) => valueOf(one, k, p), start), isZero, hidden };
};

/** The spans of a run's first n steps, as those of a plain run. */
export function flat(run, n) {
  if (run.isPlain || run.isConstant) return before(run.spans, n);
  if (run.period > 0n) {
    const once = flat(run.with({ period: 0n }), min(run.period, n));
    const copies = -quotient(-n, run.period);
    refuseUnless(copies * BigInt(once.length) <= PIECES, "more than 4096 pieces");
    const all = [];
    for (let i = 0n; i < copies; i += 1n) all.push(...once.map((one) => moved(one, i * run.period)));
    return before(all, n);
  }
  const count = run.indices(n);
  const steps = (i) => new Fraction(i).times(run.stride).ceil();
  return Array.from(eachPiece(writtenOut(run.spans, count), count), ([i, one]) => piece(one, i, steps(i)));
}

/** The largest number of which both fractions are whole multiples. */
export const common = (a, b) => new Fraction(gcd(a.num * b.den, b.num * a.den), a.den * b.den);

