// C20: repeat.
import { Fraction, ONE, ZERO, abs, bits, max, whole } from "./numbers.mjs";
import { fixed, timesPower } from "./functions.mjs";
import {
  Clock, LAST_STEP, PIECES, Run, constant, flat, formula, joined, moved, refuseUnless, valueAt, valueFormula,
} from "./formula.mjs";
import { mapped } from "./combinators.mjs";

const MANY_BITS = 16384n;
const FAR = whole(1n << 40n);

/** The cycles: {i, start, length}, one after another. */
function* cyclesOf({ cycle_steps: L, cycle_mult, cycle_rounding }, from = 0n) {
  let [i, start, length] = [from, L.times(new Fraction(from)), L];
  for (;;) {
    refuseUnless(bits(length.den) <= MANY_BITS, "a cycle whose length has too many digits");
    yield { i, start, length };
    i += 1n;
    start = start.plus(length);
    if (cycle_mult.equals(ONE)) continue;
    length = length.times(cycle_mult);
    if (cycle_rounding === "floor") length = new Fraction(length.floor());
    if (cycle_rounding === "ceil") length = new Fraction(length.ceil());
  }
}

/** The length of a repeat with an end. */
export function repeatLength(node) {
  const n = BigInt(node.num_cycles);
  let known = null;
  for (const { i, start, length } of cyclesOf(node)) {
    if (i === n || FAR.isBelow(start)) return start;
    if (known?.equals(length)) return start.plus(length.times(new Fraction(n - i)));
    known = length;
  }
}

const isAlike = ({ cycle_mult, peak_mult, peak_power }) =>
  cycle_mult.equals(ONE) && peak_mult.equals(ONE) && peak_power.num === 0n;

export function repeat(node, clock) {
  const L = node.cycle_steps;
  const m = L.over(clock.rate).den;
  const several = L.times(new Fraction(m));
  if (isAlike(node) && node.num_cycles === undefined && m >= 2n && m <= PIECES && several.ceil() <= LAST_STEP) {
    const inner = { ...node, num_cycles: m, after: "hold" };
    const part = { formula: (inside) => repeat(inner, inside) };
    return repeat({ ...node, cycle_steps: several, part }, clock);
  }
  const end = node.num_cycles === undefined ? clock.stop : clock.first(repeatLength(node));
  const found = end > 0n ? [[0n, cycles(node, clock.upTo(end))]] : [];
  if (end < clock.stop) found.push([end, scaled(node, valueFormula(node.part, L), BigInt(node.num_cycles) - 1n)]);
  const { runs, lastStep } = joined(...found);
  return formula(runs, node.after === "error" && end - 1n < lastStep ? end - 1n : lastStep);
}

/** The cycles over a clock, up to the first that is endless or does not show: {i, start, length, isEndless, isHidden}. */
function listed(node, clock) {
  const i0 = node.cycle_mult.equals(ONE) ? clock.offset.over(node.cycle_steps).floor() : 0n;
  const isNegligible = negligible(node);
  const all = [];
  for (const { i, start, length } of cyclesOf(node, i0)) {
    const s = clock.first(start);
    if (s === clock.stop) break;
    const n = clock.first(start.plus(length)) - s;
    const isWhole = length.over(clock.rate).equals(new Fraction(n));
    const isEndless = isAlike(node) && isWhole && n < clock.stop - s;
    const isHidden = !isEndless && i > i0 && isNegligible(i);
    all.push({ i, start, length, isEndless, isHidden });
    refuseUnless(all.length <= Number(PIECES), "more than 4096 cycles");
    if (isEndless || isHidden) break;
  }
  return all;
}

function cycles(node, clock) {
  const found = [];
  let spans = 0;
  for (const { i, start, length, isEndless, isHidden } of listed(node, clock)) {
    const s = clock.first(start);
    const inner = clock.since(start, start.plus(length));
    if (isEndless) found.push([s, periodic(node, inner)]);
    else if (isHidden) {
      const value = node.scaling === "height" ? node.floor_value : ZERO;
      found.push([s, formula([new Run([constant((p) => fixed(value, p))])])]);
    } else if (inner.stop > 0n) {
      const f = scaled(node, stretched(node, inner, length), i);
      spans += f.runs.reduce((sum, run) => sum + run.spans.length, 0);
      refuseUnless(spans <= Number(PIECES), "more than 4096 pieces");
      found.push([s, f]);
      if (f.lastStep < inner.stop - 1n) {
        found.push([s + inner.stop, scaled(node, valueFormula(node.part, node.cycle_steps), i)]);
        break;
      }
    }
  }
  return joined(...found);
}

/** The part over a cycle of some length, of which the first `fixed_steps` are not stretched. */
function stretched({ part, cycle_steps: L, fixed_steps }, clock, length) {
  const F = length.equals(L) ? ZERO : fixed_steps;
  const b = F.num > 0n ? clock.first(F) : 0n;
  const r = L.minus(F).over(length.minus(F));
  const found = b > 0n ? [[0n, part.formula(clock.upTo(b))]] : [];
  const offset = F.plus(clock.at(b).minus(F).times(r));
  if (b < clock.stop) found.push([b, part.formula(new Clock(offset, clock.rate.times(r), clock.stop - b))]);
  return joined(...found);
}

function periodic({ part, cycle_steps }, inner) {
  const f = part.formula(inner);
  const n = inner.stop;
  if (f.lastStep < n - 1n) return joined([0n, f], [n, valueFormula(part, cycle_steps)]);
  if (f.runs.length === 1 && f.runs[0].period === 0n) return formula([f.runs[0].with({ period: n })]);
  const spans = f.runs.flatMap((run, i) => {
    const end = f.runs[i + 1]?.start ?? n;
    return flat(run, end - run.start).map((one) => moved(one, run.start));
  });
  return formula([new Run(spans, { period: n })]);
}

function scaled(node, f, i) {
  const { scaling, floor_value, peak_value } = node;
  const F = factor(node, i);
  if (scaling === "all") return mapped(f, F, ZERO);
  const by = scaling === "height" ? F : F.times(peak_value).minus(floor_value).over(peak_value.minus(floor_value));
  return mapped(f, by, floor_value.times(ONE.minus(by)));
}

function factor({ peak_mult, peak_power }, i) {
  let [r, square] = [ONE, peak_mult];
  for (let n = i; n > 0n; n /= 2n) {
    if (n % 2n === 1n) r = short(r.times(square));
    square = short(square.times(square));
  }
  if (peak_power.num === 0n) return r;
  return r.times(new Fraction(timesPower(ONE, new Fraction(1n, i + 1n), peak_power, 320n), 1n << 320n));
}

/** A fraction of at most 320 significant bits, where it has more than 640. */
function short(q) {
  if (max(bits(q.num), bits(q.den)) <= 640n) return q;
  const shift = 320n - bits(q.num) + bits(q.den);
  if (shift > 0n) return new Fraction((q.num << shift) / q.den, 1n << shift);
  return new Fraction(((q.num >> -shift) / q.den) << -shift);
}

/** Whether a cycle no longer shows, as a function of its number. */
function negligible(node) {
  const { part, scaling, peak_mult, cycle_steps } = node;
  if (scaling === "peak" || !peak_mult.isBelow(ONE)) return () => false;
  let b = null;
  const a = scaling === "height" ? node.floor_value.size() : ZERO;
  return (i) => {
    if (b === null) {
      const f = part.formula(new Clock(ZERO, cycle_steps.over(whole(64)), 65n));
      const sizes = Array.from({ length: 65 }, (_, step) => abs(valueAt(f, BigInt(step), 200n)));
      b = new Fraction(4n * sizes.reduce((x, y) => max(x, y)), 1n << 200n);
    }
    const bound = a.num > 0n ? a.over(whole(1n << 110n)) : new Fraction(1n, 1n << 128n);
    return factor(node, i).times(b.plus(a)).isBelow(bound);
  };
}
