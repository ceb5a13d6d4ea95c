// "Fields" and "Durations" of docs/spec.md: each reads what stands in a document. Numbers become exact fractions.
import { Fraction, nearest, ofDecimal, ofNumber } from "./numbers.mjs";
import { refuseUnless } from "./formula.mjs";
import { NumberText } from "./json.mjs";

const MAX = new Fraction((1n << 31n) - 1n);
const SMALLEST = new Fraction(1n, 1n << 126n);
const LARGEST = new Fraction(((1n << 24n) - 1n) << 104n);
const INTEGER = /^-?\d+$/;
const DURATION = /^\s*(\d{1,18}(?:\.\d{1,18})?(?:[eE]\+?\d{1,2})?) *(step|epoch|sample|token|%)s?\s*$/;
const RATIO = /^(-?\d+)\/(\d+)$/;

export const PREVIOUS = "previous";

function need(holds, found, expected) {
  refuseUnless(holds, `found ${found instanceof NumberText ? found.text : String(found)}, expected ${expected}`);
}

/** A finite binary64 number, as the fraction that it is. */
export function number(given) {
  need(given instanceof NumberText, given, "a number");
  const read = Number(given.text);
  need(Number.isFinite(read), given, "a finite number");
  const exact = ofNumber(read);
  need(!INTEGER.test(given.text) || exact.num === BigInt(given.text), given, "an integer that binary64 holds");
  return exact;
}

export const isValue = (q) => q.num === 0n || !(q.size().isBelow(SMALLEST) || LARGEST.isBelow(q.size()));

export function value(given) {
  const read = number(given);
  need(isValue(read), given, "a normal number of float32");
  return read;
}

export const start = (given) => (given === PREVIOUS ? PREVIOUS : value(given));

/** Numbers from `low` on (above it, where it is open) up to `high`. */
export function numberIn(low, high, isOpen = false) {
  const [a, b] = [low, high].map((bound) => (bound === null ? null : ofNumber(bound)));
  const bounds = (q) => (a === null || (isOpen ? a.isBelow(q) : !q.isBelow(a))) && (b === null || !b.isBelow(q));
  const read = (given) => {
    const found = number(given);
    need(bounds(found), given, `a number from ${low} to ${high}`);
    return found;
  };
  return Object.assign(read, { bounds });
}

export const flag = (given) => {
  need(typeof given === "boolean", given, "true or false");
  return given;
};

export const word = (...words) => (given) => {
  need(typeof given === "string" && words.includes(given), given, words.join(", "));
  return given;
};

export const text = (given) => {
  need(typeof given === "string" && [...given].length <= 4000 && !/\p{Surrogate}/u.test(given), given, "a text");
  return given;
};

export const integer = (low, high) => (given) => {
  need(given instanceof NumberText && INTEGER.test(given.text), given, "an integer");
  const read = BigInt(given.text);
  need(low <= read && read <= high, given, `${low} to ${high}`);
  return read;
};

export const list = (item, most = 4096) => (given, context) => {
  need(Array.isArray(given) && given.length >= 1 && given.length <= most, given, `1 to ${most} items`);
  return given.map((one) => item(one, context));
};

const UNITS = {
  step: () => [new Fraction(1n), new Fraction(1n)],
  epoch: ({ steps_per_epoch }) => [steps_per_epoch, new Fraction(1n)],
  sample: ({ batch_size }) => [new Fraction(1n), batch_size],
  token: ({ tokens_per_step }) => [new Fraction(1n), tokens_per_step],
  "%": ({ total_steps }) => [total_steps, new Fraction(100n)],
};

/** The exact number of steps of a duration, or null where a text is none. */
function duration(given, { quantities }) {
  const found = typeof given === "string" ? DURATION.exec(given) : null;
  if (!found) return null;
  const [, count, unit] = found;
  const [by, over] = UNITS[unit](quantities);
  need(by !== undefined && over !== undefined, given, "the quantity that it needs");
  return ofDecimal(count).times(by).over(over);
}

function roundedDuration(given, context) {
  const exact = duration(given, context);
  if (exact === null) return null;
  const { rounding = "exact", at_least_one = false } = context.quantities;
  const way = {
    exact: () => exact,
    floor: () => new Fraction(exact.floor()),
    ceil: () => new Fraction(exact.ceil()),
    round: () => new Fraction(nearest(exact.num, exact.den)),
  };
  const read = way[rounding]();
  return at_least_one && read.num === 0n ? new Fraction(1n) : read;
}

function within(read, given, isLow) {
  need(isLow(read) && !MAX.isBelow(read) && read.den < 1n << 63n, given, "steps up to 2^31 - 1");
  return read;
}

const isPositive = (q) => q.num > 0n;

function ratio(given) {
  const found = typeof given === "string" ? RATIO.exec(given) : null;
  if (!found) return null;
  need(BigInt(found[2]) > 0n, given, "a denominator above 0");
  return new Fraction(BigInt(found[1]), BigInt(found[2]));
}

export function steps(given, context) {
  const read = roundedDuration(given, context) ?? new Fraction(integer(1n, MAX.num)(given));
  need(read.isInteger(), given, "whole steps");
  return within(read, given, isPositive);
}

export const lengthFrom = (isLow) => (given, context) => {
  const read = roundedDuration(given, context) ?? ratio(given);
  return within(read ?? new Fraction(integer(0n, MAX.num)(given)), given, isLow);
};

export const length = lengthFrom(isPositive);

/** A decimal is the shortest one that reads back as the same binary64 number. */
function decimal(given) {
  need(given instanceof NumberText, given, "a number of steps");
  if (INTEGER.test(given.text)) return new Fraction(BigInt(given.text));
  const read = Number(given.text);
  need(Number.isFinite(read), given, "a finite number");
  return ofDecimal(String(read));
}

export const period = (given, context) =>
  within(duration(given, context) ?? ratio(given) ?? decimal(given), given, isPositive);

export const factor = (given) => within(ratio(given) ?? decimal(given), given, isPositive);

export const shift = (given, context) =>
  within(duration(given, context) ?? ratio(given) ?? decimal(given), given, (q) => new Fraction(-(1n << 31n)).isBelow(q));

export function atLeast(field, low) {
  const bounds = (q) => !q.isBelow(new Fraction(BigInt(low)));
  const read = (given, context) => {
    const found = field(given, context);
    need(bounds(found), given, `at least ${low}`);
    return found;
  };
  return Object.assign(read, { bounds });
}
