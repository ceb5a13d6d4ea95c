// C4, C27 and C28: what is beyond all numbers, what does not show, and functions of each value.
import { Fraction, bits, max } from "./numbers.mjs";
import { ln2, log2of, timesExp2, timesPower } from "./functions.mjs";
import { functionChange } from "./bounds.mjs";
import { formula, refuseUnless } from "./formula.mjs";

export const isBeyond = (v, p) => bits(v) > p + 4000n;
export const beyond = (sign, p) => sign << (p + 4096n);

/** A formula with each span changed, where nothing that was left out shows in the new ones. */
export function eachSpan(f, change) {
  const spansOf = (run) => run.spans.map((one) => checked({ ...change(one), start: one.start }));
  return formula(f.runs.map((run) => run.with({ spans: spansOf(run) })), f.lastStep);
}

export function checked(one) {
  refuseUnless(one.hidden === null || one.hidden <= (one.isZero ? -126n : -172n), "what was left out would show again");
  return one;
}

/** One curve raised to a power that is not 1. */
export function raised(one, exponent) {
  const isPositive = exponent.num > 0n;
  const size = exponent.size();
  const curve = (k, p) => {
    let w = p + 64n;
    let v = one.curve(k, w);
    if (bits(v) <= 160n) {
      w += 160n + max(0n, new Fraction(isPositive ? p : 4000n).over(size).ceil() - p);
      v = one.curve(k, w);
      if (bits(v) <= 7n && v <= 64n && v >= -64n) v = 0n;
    }
    refuseUnless(!(v < 0n && !exponent.isInteger()) && !(v === 0n && !isPositive), "a power of a negative value, or of 0");
    if (isBeyond(v, w)) {
      refuseUnless(!isPositive || exponent.num >= exponent.den, "a root of a number beyond 2^4000");
      return beyond(v < 0n && exponent.num % 2n !== 0n ? -1n : 1n, p);
    }
    const q = new Fraction(v, 1n << w);
    const one_ = new Fraction(1n);
    return isPositive ? timesPower(one_, q, exponent, p) : timesPower(one_, one_.over(q), size, p);
  };
  refuseUnless(one.hidden === null || (one.isZero && isPositive), "a power of what was left out");
  const hidden = one.hidden === null ? null : new Fraction(one.hidden).times(exponent).ceil();
  const e = Number(exponent.num) / Number(exponent.den);
  const change = functionChange(one, (x) => (x > 0 ? e * x ** (e - 1) : NaN));
  return { ...one, curve, isFading: one.isFading && isPositive, hidden, change };
}

/** A base, or e where it is undefined, to the power of a curve. */
export function exponentialOf(one, base) {
  const log = base === undefined ? (1n << 448n) / ln2(256n) : log2of(base);
  const b = base === undefined ? Math.E : Number(base.num) / Number(base.den);
  const change = functionChange(one, (x) => Math.log(b) * b ** x);
  const curve = (k, p) => timesExp2(new Fraction(1n), (one.curve(k, 208n) * log) >> 208n, p);
  return { ...one, curve, isFading: false, isZero: false, hidden: null, change };
}
