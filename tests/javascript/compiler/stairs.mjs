// C14 and C15: staircases, tables and lists of values.
import { Fraction, modulo, min } from "./numbers.mjs";
import { changeBetween } from "./bounds.mjs";
import { fixed } from "./functions.mjs";
import {
  PIECES, Run, before, common, constant, firstWhere, formula, hasFaded, joined, refuseUnless, span, zero,
} from "./formula.mjs";

/** The inverse of a modulo m, for numbers without a common factor. */
function inverse(a, m) {
  let [r0, r1, s0, s1] = [modulo(a, m), m, 1n, 0n];
  while (r1 > 0n) [r0, r1, s0, s1] = [r1, r0 % r1, s1, s0 - (r0 / r1) * s1];
  return modulo(s0, m);
}

/** The first step of a clock whose time is a whole number of periods and `late` more, or `stop` where there is none. */
function firstWithin(clock, period, late) {
  const unit = common(clock.rate, period);
  const rate = clock.rate.over(unit).num;
  const modulus = period.over(unit).num;
  const wanted = late.minus(clock.offset).over(unit);
  if (!wanted.isInteger()) return clock.stop;
  return min(modulo(wanted.num * inverse(rate, modulus), modulus), clock.stop);
}

const stairOf = (time, period) => time.over(period).floor();

function stairCount(clock, period) {
  if (clock.stop === 0n) return 0n;
  const stairs = stairOf(clock.at(clock.stop - 1n), period) - stairOf(clock.offset, period) + 1n;
  return min(stairs, clock.stop);
}

/** c(floor(t / period)), for c = {curve, isFading, isListed}. */
export function stairs(clock, c, period) {
  const stride = period.over(clock.rate);
  let begins = clock.stop;
  if (stride.floor() >= 1n) {
    begins = firstWithin(clock, period, new Fraction(0n));
    if (stairCount(clock.upTo(begins), period) > PIECES)
      begins = firstWithin(clock, period, clock.offset.modulo(common(clock.rate, period)));
  }
  let spans = [];
  if (begins > 0n) {
    const end = endOfStairs(clock, c, period, begins);
    refuseUnless(stairCount(clock.upTo(end), period) <= PIECES, "more than 4096 stairs");
    spans = writtenStairs(clock, c, period, end);
    if (end < begins) return formula([new Run([...spans, zero(end)])]);
  }
  const parts = begins > 0n ? [[0n, formula([new Run(spans)])]] : [];
  if (begins < clock.stop) {
    const from = stairOf(clock.at(begins), period);
    const curve = (k, p) => c.curve(k + from, p);
    const more = { isFading: c.isFading, isListed: c.isListed ?? false, change: changeBetween(curve, () => []) };
    const last = span(curve, more);
    parts.push([begins, formula([new Run([last], { stride })])]);
  }
  return joined(...parts);
}

/** Up to which step stairs are written out: `begins`, or where they have faded. */
function endOfStairs(clock, c, period, begins) {
  const lastStair = stairOf(clock.at(begins - 1n), period);
  if (!c.isFading || stairCount(clock.upTo(begins), period) <= PIECES || !hasFaded(c, lastStair)) return begins;
  const k = firstWhere((stair) => hasFaded(c, stair), stairOf(clock.offset, period), lastStair);
  return min(clock.first(new Fraction(k).times(period)), begins);
}

function writtenStairs(clock, c, period, end) {
  const spans = [];
  for (let i = 0n; i < end; ) {
    const k = stairOf(clock.at(i), period);
    spans.push(constant((p) => c.curve(k, p), i));
    const next = clock.first(new Fraction(k + 1n).times(period));
    i = next > i ? next : i + 1n;
  }
  return spans;
}

/** The run of a piecewise_constant. */
export function listFormula({ boundaries, values }, clock) {
  const spans = [];
  for (const [i, value] of values.entries()) {
    const start = i === 0 ? 0n : clock.first(boundaries[i - 1]);
    if (start === clock.stop && start > 0n) continue;
    if (spans.at(-1)?.start === start) spans.pop();
    spans.push(constant((p) => fixed(value, p), start));
  }
  return new Run(spans);
}

/** The shape of a table. */
export function tableFormula({ values, period }, clock) {
  const last = values.length - 1;
  const valueOf = (k, p) => fixed(values[Math.min(Number(k), last)], p);
  const found = stairs(clock, { curve: valueOf, isFading: false, isListed: true }, period);
  const first = Number(stairOf(clock.offset, period));
  const beginsExactly = clock.offset.modulo(period).num === 0n && period.over(clock.rate).floor() >= 1n;
  if (!beginsExactly || first > last) return found;
  const [run] = found.runs;
  const listed = (from) => {
    const at = BigInt(from);
    return span((k, p) => valueOf(k + at, p), { start: at - BigInt(first), isListed: true });
  };
  const spans = [];
  let isOpen = false;
  for (let i = first; i <= last; ) {
    let next = i + 1;
    while (next <= last && values[next].equals(values[i])) next++;
    if (next - i >= 3) {
      const value = values[i];
      spans.push(constant((p) => fixed(value, p), BigInt(i - first)));
    } else if (!isOpen) spans.push(listed(i));
    isOpen = next - i < 3;
    i = next;
  }
  return formula([run.with({ spans: before(spans, run.indices(clock.stop)) })]);
}
