// C2 and C3: elementary functions on integers. Fixed point with precision p holds v as an integer near v * 2^p.
import { abs, bits, isqrt, min, modulo, quotient } from "./numbers.mjs";

const GUARD = 32n;
const FAR = 4096n;

function remembered(f) {
  const known = new Map();
  return (p) => known.get(p) ?? known.set(p, f(p)).get(p);
}

export const pi = remembered((p) => {
  const w = p + GUARD;
  return (16n * arctanInverse(5n, w) - 4n * arctanInverse(239n, w)) >> GUARD;
});

function arctanInverse(n, w) {
  let power = quotient(1n << w, n);
  let total = power;
  for (let k = 3n; power > 0n; k += 2n) {
    power = quotient(power, n * n);
    total += k % 4n === 1n ? quotient(power, k) : -quotient(power, k);
  }
  return total;
}

export const ln2 = remembered((p) => {
  const w = p + GUARD;
  return (2n * atanh(quotient(1n << w, 3n), w)) >> GUARD;
});

function atanh(z, w) {
  const square = (z * z) >> w;
  let [power, total] = [z, z];
  for (let k = 3n; power > 0n; k += 2n) {
    power = (power * square) >> w;
    total += quotient(power, k);
  }
  return total;
}

/** log2(n / d) */
export function log2(n, d, p) {
  const w = p + GUARD;
  let e = bits(n) - bits(d);
  if (e > 0n) d <<= e;
  else n <<= -e;
  if (n < d) {
    n <<= 1n;
    e -= 1n;
  }
  let root = quotient(n << w, d);
  for (let i = 0; i < 3; i++) root = isqrt(root << w);
  const one = 1n << w;
  const log = 16n * atanh(quotient((root - one) << w, root + one), w);
  return (e << p) + (quotient(log << w, ln2(w)) >> GUARD);
}

/** [mantissa, exponent], of which 2^y is mantissa * 2^exponent. */
export function exp2(y, p) {
  const w = p + GUARD;
  const x = ((modulo(y, 1n << p) << GUARD) * ln2(w)) >> (w + 8n);
  let [term, total] = [1n << w, 1n << w];
  for (let k = 1n; term > 0n; k += 1n) {
    term = quotient((term * x) >> w, k);
    total += term;
  }
  for (let i = 0; i < 8; i++) total = (total * total) >> w;
  return [total >> GUARD, y >> p];
}

/** 1 - cos(a) */
export function versine(a, p) {
  const w = p + GUARD;
  const square = ((a << 26n) * (a << 26n)) >> w;
  let term = square >> 1n;
  let total = term;
  for (let k = 2n; term > 0n; ) {
    term = quotient((term * square) >> w, (k + 1n) * (k + 2n));
    k += 2n;
    total += k % 4n === 2n ? term : -term;
  }
  for (let i = 0; i < 6; i++) total = (total * ((2n << w) - total)) >> (w - 1n);
  return total >> GUARD;
}

export const fixed = (v, p) => quotient(v.num << p, v.den);

const logs = new Map();

/** log2 of a fraction above 0, with 192 fraction bits. */
export function log2of(q) {
  const key = `${q.num}/${q.den}`;
  if (logs.size > 4096) logs.clear();
  if (!logs.has(key)) logs.set(key, log2(q.num, q.den, 192n));
  return logs.get(key);
}

/** f * 2^(log / 2^192) */
export function timesExp2(f, log, p) {
  const [mantissa, exponent] = exp2(log >> 64n, 128n);
  const shift = min(exponent, FAR) + p - 128n;
  const scaled = mantissa * f.num;
  if (shift >= 0n) return quotient(scaled << shift, f.den);
  return quotient(scaled, f.den << min(-shift, 32768n));
}

/** f * q^power */
export function timesPower(f, q, power, p) {
  if (power.isInteger() && power.num <= 16n)
    return quotient((q.num ** power.num * f.num) << p, q.den ** power.num * f.den);
  if (q.num === 0n) return 0n;
  const log = quotient(log2of(q.size()) * power.num, power.den);
  const isNegative = q.num < 0n && power.num % 2n !== 0n;
  return timesExp2(isNegative ? f.negated() : f, log, p);
}

/** A sum, 0 where it is no more than the error of its terms. */
export const total = (a, b) => (abs(a + b) <= abs(a) >> 110n ? 0n : a + b);

