// C1: integers of any length, which are BigInt here, and exact fractions of two.

export const abs = (a) => (a < 0n ? -a : a);
export const min = (a, b) => (a < b ? a : b);
export const max = (a, b) => (a > b ? a : b);

/** floor(a / b) */
export function quotient(a, b) {
  const q = a / b;
  return a < 0n !== b < 0n && q * b !== a ? q - 1n : q;
}

/** a - b * floor(a / b) */
export const modulo = (a, b) => a - b * quotient(a, b);

/** The number of bits of an integer's size. */
export function bits(a) {
  if (a === 0n) return 0n;
  const digits = abs(a).toString(16);
  return BigInt(4 * digits.length - Math.clz32(parseInt(digits[0], 16)) + 28);
}

/** floor(sqrt(a)) */
export function isqrt(a) {
  if (a < 2n) return a;
  let root = 1n << ((bits(a) + 1n) / 2n);
  for (;;) {
    const next = (root + a / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** The integer nearest to a / b, for b > 0; of two equally near ones the even one. */
export function nearest(a, b) {
  const q = quotient(a, b);
  const twice = 2n * (a - q * b);
  return twice > b || (twice === b && q % 2n !== 0n) ? q + 1n : q;
}

export function gcd(a, b) {
  [a, b] = [abs(a), abs(b)];
  if (a > 0n && b > 0n && (b & (b - 1n)) === 0n) return min(a & -a, b); // a power of two
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}

/** An exact fraction in lowest terms, with a denominator above 0. */
export class Fraction {
  constructor(numerator, denominator = 1n) {
    if (denominator === 0n) throw new RangeError("a division by 0");
    const by = denominator === 1n ? 1n : denominator < 0n ? -gcd(numerator, denominator) : gcd(numerator, denominator);
    this.num = numerator / by;
    this.den = denominator / by;
    Object.freeze(this);
  }

  plus(other) {
    return new Fraction(this.num * other.den + other.num * this.den, this.den * other.den);
  }

  minus(other) {
    return new Fraction(this.num * other.den - other.num * this.den, this.den * other.den);
  }

  times(other) {
    return new Fraction(this.num * other.num, this.den * other.den);
  }

  over(other) {
    return new Fraction(this.num * other.den, this.den * other.num);
  }

  negated() {
    return new Fraction(-this.num, this.den);
  }

  size() {
    return this.num < 0n ? this.negated() : this;
  }

  floor() {
    return quotient(this.num, this.den);
  }

  ceil() {
    return -quotient(-this.num, this.den);
  }

  /** this - other * floor(this / other) */
  modulo(other) {
    return this.minus(other.times(new Fraction(this.over(other).floor())));
  }

  isInteger() {
    return this.den === 1n;
  }

  equals(other) {
    return this.num === other.num && this.den === other.den;
  }

  isBelow(other) {
    return this.num * other.den < other.num * this.den;
  }
}

export const whole = (integer) => new Fraction(BigInt(integer));
export const ZERO = whole(0);
export const ONE = whole(1);

/** The fraction that a binary64 number is exactly. */
export function ofNumber(number) {
  let exponent = 0n;
  while (!Number.isInteger(number)) {
    number *= 2; // exact: it ends after 1074 doublings
    exponent += 1n;
  }
  return new Fraction(BigInt(number), 1n << exponent);
}

/** The fraction that a decimal is exactly: digits, a point, an exponent. */
export function ofDecimal(text) {
  const [, sign, before, after = "", e = "0"] = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(text);
  const shift = BigInt(e) - BigInt(after.length);
  const digits = BigInt(before + after) * (sign === "-" ? -1n : 1n);
  return shift >= 0n ? new Fraction(digits * 10n ** shift) : new Fraction(digits, 10n ** -shift);
}
