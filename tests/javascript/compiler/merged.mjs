// C21 to C23: product, minimum, maximum, clamp.
import { Fraction, ONE, abs, bits, max, min, modulo } from "./numbers.mjs";
import { fixed } from "./functions.mjs";
import {
  PIECES, Run, before, begun, constant, flat, formula, holding, joined, moved, refuseUnless, span, spansFrom,
} from "./formula.mjs";
import { changes, productChange, sumChange } from "./bounds.mjs";
import { beyond, checked, eachSpan, exponentialOf, isBeyond, raised } from "./hidden.mjs";

const sorted = (numbers) => [...new Set(numbers)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

function* between(starts, end) {
  for (const [i, start] of starts.entries()) yield [start, starts[i + 1] ?? end];
}

const pairs = (runs) =>
  new Map(runs.filter((run) => !run.isConstant).map((run) => [`${run.stride.num}/${run.stride.den} ${run.period}`, run]));

const runAt = ({ runs }, step) => runs[holding(runs, step)];

function merged(formulas, stop, combine) {
  const starts = sorted(formulas.flatMap((f) => f.runs.map((run) => run.start)).filter((start) => start < stop));
  const steps = [...starts];
  for (const [s, e] of between(starts, stop)) {
    const runs = formulas.map((f) => runAt(f, s));
    if (pairs(runs).size > 1) steps.push(...cycleStarts(runs, s, e));
  }
  const found = [];
  for (const [s, e] of between(sorted(steps), stop)) {
    const tails = formulas.map((f) => tail(runAt(f, s), s, e));
    found.push([s, formula([mergedRuns(tails, e - s, combine)])]);
  }
  const count = found.reduce((sum, [, f]) => sum + f.runs[0].spans.length, 0);
  refuseUnless(count <= Number(PIECES), "more than 4096 pieces");
  return formula(joined(...found).runs, formulas.map((f) => f.lastStep).reduce((a, b) => min(a, b)));
}

function cycleStarts(runs, s, e) {
  const isInside = (step) => s < step && step < e;
  const plain = runs.filter((run) => run.isPlain);
  const inner = [s, ...plain.flatMap((run) => run.spans.map((one) => run.start + one.start)).filter(isInside)];
  const others = runs.filter((run) => !run.isPlain);
  const begins = others.flatMap((run) => {
    const unit = run.period > 0n ? run.period : run.stride.num;
    return inner.map((i) => i + modulo(run.start - i, unit));
  });
  return [...inner, ...begins.filter((step) => step < e)];
}

/** A run from step s on, up to e, as one that starts at 0. */
function tail(run, s, e) {
  const o = s - run.start;
  const { period, stride, spans } = run;
  const here = run.with({ start: 0n });
  if (o === 0n || run.isConstant) return here;
  if (run.isPlain) return here.with({ spans: spansFrom(spans, o) });
  if (period > 0n && o % period === 0n) return here;
  if (period > 0n && stride.equals(ONE)) {
    const i = o % period;
    const passed = before(spans, i).map((one) => moved(one, period - i));
    return here.with({ spans: [...spansFrom(spans, i), ...passed] });
  }
  const index = new Fraction(o).over(stride);
  if (period === 0n && index.isInteger()) return here.with({ spans: spansFrom(spans, index.num) });
  return new Run(spansFrom(flat(run, e - run.start), o));
}

function mergedRuns(runs, n, combine) {
  if (pairs(runs).size > 1) runs = runs.map((run) => new Run(flat(run, n)));
  const [shaped = new Run([])] = pairs(runs).values();
  const { stride, period } = shaped;
  const count = shaped.indices(n);
  const starts = sorted(runs.flatMap((run) => run.spans.map((one) => one.start)).filter((start) => start < count));
  refuseUnless(starts.length <= Number(PIECES), "more than 4096 pieces");
  const spans = [];
  for (const [a, b] of between(starts, count)) {
    const here = runs.map((run) => begun(run.spans[holding(run.spans, a)], a));
    spans.push(...combine(here, b - a).map((one) => moved(one, a)));
  }
  return new Run(spans, { stride, period });
}

const sign = (v) => (v > 0n ? 1n : v < 0n ? -1n : 0n);
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0n);

function productCurve(spans, k, p) {
  let w = p + 160n;
  const values = () => spans.map((one) => one.curve(one.isConstant ? 0n : k, w));
  let all = values();
  const large = sum(all.map((v) => max(0n, bits(v) - w)));
  if (large > 128n) {
    if (all.some((v) => isBeyond(v, w))) {
      if (all.includes(0n)) return 0n;
      refuseUnless(all.every((v) => abs(v) >= 1n << (w - 160n)), "a factor above 2^4000 and a small one");
      return beyond(all.map(sign).reduce((a, b) => a * b), p);
    }
    refuseUnless(large <= 32768n, "factors that are too large");
    w += large;
    all = values();
  }
  return all.reduce((r, v) => (r * v) >> w, 1n << w) >> (w - p);
}

function sumCurve(spans, k, p) {
  const w = p + 16n;
  const all = spans.map((one) => one.curve(one.isConstant ? 0n : k, w));
  const [s, z] = [sum(all), sum(all.map(abs))];
  if (isBeyond(z, w)) {
    const signs = new Set(all.filter((v) => isBeyond(v, w)).map(sign));
    refuseUnless(signs.size === 1, "terms above 2^4000");
    return beyond([...signs][0], p);
  }
  return abs(s) <= (z >> 110n) + BigInt(spans.length) ? 0n : s >> 16n;
}

/** log2 of a number above the values of a span. */
function sizeOf(one, n) {
  const indices = one.isConstant ? [0n] : sampled(n);
  return indices.map((k) => bits(one.curve(k, 1024n)) - 1024n).reduce((a, b) => max(a, b)) + (one.isConstant ? 0n : 1n);
}

function hiddenOf(spans, n, isProduct) {
  const hiding = spans.filter((one) => one.hidden !== null);
  if (hiding.length === 0) return null;
  const many = bits(BigInt(hiding.length - 1));
  if (!isProduct) return hiding.map((one) => one.hidden).reduce((a, b) => max(a, b)) + many;
  const sizes = new Map(spans.map((one) => [one, max(one.hidden ?? -256n, sizeOf(one, n))]));
  const most = hiding.map((one) => one.hidden - sizes.get(one)).reduce((a, b) => max(a, b));
  return sum([...sizes.values()]) + most + many;
}

/** Curves side by side as one. */
const oneOf = (curveOf, changeOf, isProduct) => (spans, n) => {
  const waves = spans.filter((one) => !one.isConstant && one.wave > 0n).map((one) => one.wave);
  const isZero = isProduct ? spans.some((one) => one.isZero) : spans.every((one) => one.isZero);
  const one = span((k, p) => curveOf(spans, k, p), {
    isConstant: spans.every((one) => one.isConstant),
    isListed: spans.some((one) => one.isListed),
    wave: waves.length > 0 ? waves.reduce((a, b) => min(a, b)) : 0n,
    change: changeOf(spans),
    isZero, hidden: hiddenOf(spans, n, isProduct),
  });
  return [checked(one)];
};

/** Of curves side by side, the one that is first in an order: -1 for the least, 1 for the greatest. */
const chosen = (order) => (spans, n) => {
  let found = [spans[0]];
  for (const other of spans.slice(1))
    found = found.flatMap((one, i) => {
      const end = found[i + 1]?.start ?? n;
      const rival = begun(other, one.start);
      return either(begun(one, one.start), rival, end - one.start, order).map((piece) => moved(piece, one.start));
    });
  return found;
};

function either(a, b, n, order) {
  if (a.isConstant && b.isConstant) n = 1n;
  const gap = (k) => {
    const [A, B] = [a, b].map((one) => one.curve(one.isConstant ? 0n : k, 224n));
    if (abs(B - A) <= max(max(abs(A), abs(B)) >> 80n, 1n << 64n)) return 0n;
    return order < 0 ? B - A : A - B;
  };
  if (!a.isListed && !b.isListed && sampled(n).every((k) => gap(k) === 0n)) return [a];
  const signs = changes(a, b, gap, n);
  let choice = signs.length > 0 && signs[0][1] < 0 ? b : a;
  const found = [choice];
  for (const [k, sign] of signs) {
    const better = sign > 0 ? a : b;
    if (better === choice) continue;
    choice = better;
    found.push({ ...begun(choice, k), start: k });
  }
  return found;
}

/** The ends, and 32 indices that are spread evenly. */
function sampled(n) {
  const steps = Array.from({ length: 32 }, (_, i) => {
    return (((BigInt(i + 1) * 11400714819323198485n) % (1n << 64n)) * n) >> 64n;
  });
  return [0n, n - 1n, ...steps];
}

const ofParts = (combine) => ({ parts }, clock) => merged(parts.map((part) => part.formula(clock)), clock.stop, combine);
export const product = ofParts(oneOf(productCurve, productChange, true));
export const sumOfParts = ofParts(oneOf(sumCurve, sumChange, false));
export const minimum = ofParts(chosen(-1));
export const maximum = ofParts(chosen(1));

export const power = ({ part, exponent }, clock) => {
  const f = part.formula(clock);
  return exponent.equals(ONE) ? f : eachSpan(f, (one) => raised(one, exponent));
};

export const exp = ({ part, base }, clock) => eachSpan(part.formula(clock), (one) => exponentialOf(one, base));

export function clamp({ part, min_value, max_value, outside }, clock) {
  let f = part.formula(clock);
  const level = (value) => formula([new Run([{ ...constant((p) => fixed(value, p)), isBound: true }])]);
  if (min_value !== undefined) f = merged([f, level(min_value)], clock.stop, chosen(1));
  if (max_value !== undefined) f = merged([f, level(max_value)], clock.stop, chosen(-1));
  let { lastStep } = f;
  for (const run of f.runs) {
    for (const one of run.spans) {
      if (!one.isBound || outside !== "error") continue;
      lastStep = min(lastStep, run.start + new Fraction(one.start).times(run.stride).ceil() - 1n);
    }
  }
  return formula(f.runs.map((run) => run.with({ spans: run.spans.map((one) => ({ ...one, isBound: false })) })), lastStep);
}
