// C16 to C19: sequence, affine, shift, freeze, stretch, every.
import { Fraction, ONE, bits, max, min, quotient, whole } from "./numbers.mjs";
import { scaledChange } from "./bounds.mjs";
import { fixed, total } from "./functions.mjs";
import {
  Clock, LAST_STEP, PIECES, Run, common, cut, eachPiece, flat, formula, joined, piece, pieces, valueFormula, writtenOut,
} from "./formula.mjs";
import { beyond, eachSpan, isBeyond } from "./hidden.mjs";

export function sequence({ parts, starts, time }, clock) {
  const isGlobal = time === "global";
  const found = [];
  for (const [i, part] of parts.entries()) {
    const inner = clock.since(starts[i], starts[i + 1] ?? null, isGlobal);
    if (inner.stop > 0n) found.push([clock.first(starts[i]), part.formula(inner)]);
  }
  return joined(...found);
}

/** scale * f + offset */
export function mapped(f, scale, offset) {
  if (scale.equals(ONE) && offset.num === 0n) return f;
  const guard = max(0n, bits(scale.num) - bits(scale.den) + 2n);
  const keepsZero = offset.num === 0n;
  return eachSpan(f, (one) => {
    const curve = (k, p) => {
      const v = one.curve(k, p + guard);
      if (isBeyond(v, p + guard) && scale.num !== 0n) return beyond(v > 0n === scale.num > 0n ? 1n : -1n, p);
      return total(fixed(offset, p), quotient(v * scale.num, scale.den) >> guard);
    };
    const grows = bits(scale.num) - bits(scale.den) + 1n;
    return {
      ...one, curve, isZero: one.isZero && keepsZero, isFading: one.isFading && keepsZero,
      hidden: one.hidden === null || scale.num === 0n ? null : one.hidden + grows,
      change: one.change && scaledChange(one.change, scale),
    };
  });
}

export const affine = ({ part, scale, offset }, clock) => mapped(part.formula(clock), scale, offset);

export function shift({ part, by, min_time }, clock) {
  const b = clock.first(min_time.minus(by));
  const found = b > 0n ? [[0n, valueFormula(part, min_time)]] : [];
  if (b < clock.stop) found.push([b, part.formula(new Clock(clock.at(b).plus(by), clock.rate, clock.stop - b))]);
  return joined(...found);
}

export function freeze({ part, steps, after }, clock) {
  const e = clock.first(steps);
  const found = [];
  if (e > 0n) {
    const f = part.formula(clock.upTo(e));
    found.push([0n, formula(cut(f.runs, e), f.lastStep)]);
  }
  if (e < clock.stop) found.push([e, valueFormula(part, steps)]);
  const { runs, lastStep } = joined(...found);
  return formula(runs, after === "error" ? min(lastStep, e - 1n) : lastStep);
}

export function stretch({ part, factor }, clock) {
  return part.formula(new Clock(clock.offset.over(factor), clock.rate.over(factor), clock.stop));
}

export function every({ part, period }, clock) {
  const firstValue = clock.offset.over(period).floor();
  const count = clock.at(clock.stop - 1n).over(period).floor() - firstValue + 1n;
  const inner = part.formula(new Clock(new Fraction(firstValue), ONE, count));
  const found = inner.runs.map((run, i) => {
    const end = inner.runs[i + 1]?.start ?? count;
    return slowed(run, end - run.start, clock, period, new Fraction(firstValue + run.start).times(period));
  });
  const end = clock.first(new Fraction(firstValue + inner.lastStep + 1n).times(period)) - 1n;
  return formula(joined(...found).runs, inner.lastStep < min(count, LAST_STEP) ? end : LAST_STEP);
}

/** A run of n values, the first at a time, each for a period: [start, formula]. */
function slowed(run, n, clock, period, time) {
  const stride = period.over(clock.rate);
  const s = clock.first(time);
  const late = clock.at(s).minus(time);
  const isShort = () => late.num === 0n || piecesOf(run, n) > PIECES;
  if (stride.floor() >= 1n && late.isBelow(grain(run, clock.rate, period)) && isShort()) {
    const slow = { start: 0n, stride: run.stride.times(stride), period: new Fraction(run.period).times(stride).floor() };
    return [s, formula([run.with(slow)])];
  }
  const spans = [];
  for (const [k, one] of eachPiece(writtenOut(flat(run, n), n), n)) {
    const start = clock.first(time.plus(new Fraction(k).times(period))) - s;
    if (spans.at(-1)?.start === start) spans.pop();
    spans.push(piece(one, k, start));
  }
  return [s, formula([new Run(spans)])];
}

const piecesOf = (run, n) =>
  pieces(run.spans, run.indices(n)) * (run.period > 0n ? -quotient(-n, run.period) : 1n);

function grain(run, rate, period) {
  if (run.isConstant) return whole(LAST_STEP).times(period);
  const cycle = new Fraction(run.period).times(period).over(rate);
  if (!run.stride.isInteger() || !cycle.isInteger()) return whole(0);
  return common(rate, run.stride.times(period));
}
