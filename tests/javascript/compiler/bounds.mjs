// C24: how much a curve changes from one index to the next, and where one curve passes another.
// A `change` is a function: change(l, r) = [least, greatest] of curve(k + 1) - curve(k) for l <= k < r, with 224
// fraction bits, or null where that is not known.
import { abs, max, min, ofNumber, quotient } from "./numbers.mjs";
import { refuseUnless } from "./formula.mjs";

const P = 224n;
const POINTS = 400000;

export function toNumber({ num, den }) {
  const shift = BigInt(Math.max(0, den.toString(16).length - num.toString(16).length) * 4 + 64);
  return Number((num << shift) / den) / 2 ** Number(shift);
}

/** The change of a curve that bends only near the given indices: bends(l, r) lists those from l to r, as numbers. */
export const changeBetween = (curve, bends) => (l, r) => {
  const near = bends(Number(l), Number(r));
  if (near === null) return null;
  const at = [l, r - 1n];
  for (const bend of near) for (let by = -2; by <= 2; by++) at.push(BigInt(Math.floor(bend) + by));
  const inside = at.filter((k) => l <= k && k < r);
  const values = inside.map((k) => [curve(k, P), curve(k + 1n, P)]);
  const size = values.flat().map(abs).reduce((a, b) => max(a, b));
  const slack = 16n + (size >> 108n);
  const differences = values.map(([a, b]) => b - a);
  return [differences.reduce((a, b) => min(a, b)) - slack, differences.reduce((a, b) => max(a, b)) + slack];
};

export const scaledChange = (change, { num, den }) => (l, r) => {
  const found = change(l, r);
  if (found === null) return null;
  const [a, b] = found.map((v) => v * num);
  return [quotient(min(a, b), den) - 8n, quotient(max(a, b), den) + 8n];
};

/** Indices of times that come back, (2 i + 1 - a) * h and (2 i + 1 + a) * h; null where they are more than 4. */
function waves(h, a, index, l, r) {
  const found = [];
  const first = Math.max(0, Math.floor((index.time(l) / h - 2) / 2) - 1);
  for (let i = first; ; i++) {
    const pair = [2 * i + 1 - a, 2 * i + 1 + a].map((x) => index.of(x * h));
    if (pair[0] > r + 3) return found.length > 4 ? null : found;
    found.push(...pair.filter((x) => x >= l - 3 && x <= r + 3));
    if (found.length > 4) return null;
  }
}

function cosineChange(node, curve, index) {
  const [steps, cycles, e, k] = [node.steps, node.cycles, node.exponent, node.k_decay].map(toNumber);
  if (k === 1) {
    const a = e <= 0.5 ? 0 : 1 - (2 * Math.atan(1 / Math.sqrt(2 * e - 1))) / Math.PI;
    return changeBetween(curve, (l, r) => waves(steps / (2 * cycles), a, index, l, r));
  }
  if (e < 1) return () => null;
  const height = abs(quotient(node.init_value.minus(node.end_value).num << P, node.init_value.minus(node.end_value).den));
  return (l, r) => {
    const [from, to] = [l, r].map((i) => index.time(Number(i)) / steps);
    const slope = (e * Math.PI * cycles * k * Math.max(from ** (k - 1), to ** (k - 1)) * index.rate) / steps;
    if (!Number.isFinite(slope) || from === 0) return null;
    const most = (height * BigInt(Math.ceil(slope * 2 ** 50) + 2)) >> 49n;
    return [-most - 16n, most + 16n];
  };
}

/** The change of a node's curve over a clock. */
export function changeOf(node, curve, clock) {
  const [offset, rate] = [clock.offset, clock.rate].map(toNumber);
  const index = { of: (time) => (time - offset) / rate, time: (i) => offset + rate * i, rate };
  const bendsAt = (times) => changeBetween(curve, () => times.map(index.of));
  if (node.kind === "cosine") return cosineChange(node, curve, index);
  if (node.kind === "polynomial") {
    const [steps, power, k] = [node.steps, node.power, node.k_decay].map(toNumber);
    const z = (k - 1) / (k - 1 + (power - 1) * k);
    return bendsAt(k !== 1 && z >= 0 && z <= 1 ? [steps, steps * z ** (1 / k)] : [steps]);
  }
  if (node.kind === "tanh") {
    const [steps, lower, upper] = [node.steps, node.lower, node.upper].map(toNumber);
    return bendsAt([(-steps * lower) / (upper - lower)]);
  }
  return bendsAt([]);
}

const timesIntervals = (a, b) => {
  const all = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]];
  return [(all.reduce((x, y) => min(x, y)) >> P) - 1n, (all.reduce((x, y) => max(x, y)) >> P) + 1n];
};

/** The change of a product of spans. */
export const productChange = (spans) => (l, r) => {
  const changes = spans.map((one) => changeOver(one, l, r));
  if (changes.includes(null)) return null;
  const values = spans.map((one, i) => {
    const v = one.curve(one.isConstant ? 0n : l, P);
    const [least, greatest] = changes[i].map((d) => d * (r - l));
    return [v + min(least, 0n), v + max(greatest, 0n)];
  });
  let [low, high] = [0n, 0n];
  for (const [i, change] of changes.entries()) {
    const found = values.filter((_, j) => j !== i).reduce(timesIntervals, change);
    low += found[0];
    high += found[1];
  }
  return [low - 64n, high + 64n];
};

/** The change of a sum of spans. */
export const sumChange = (spans) => (l, r) => {
  const changes = spans.map((one) => changeOver(one, l, r));
  if (changes.includes(null)) return null;
  const total = (i) => changes.reduce((sum, change) => sum + change[i], 0n);
  return [total(0) - 64n, total(1) + 64n];
};

const toFixed = (x) => {
  const { num, den } = ofNumber(x);
  return quotient(num << P, den);
};

/** The change of a function of a span, of which the slope at a value above 0 only grows, or only falls. */
export const functionChange = (one, slope) => (l, r) => {
  const change = changeOver(one, l, r);
  if (change === null) return null;
  const v = one.curve(one.isConstant ? 0n : l, P);
  const ends = [v + min(change[0] * (r - l), 0n), v + max(change[1] * (r - l), 0n)];
  const slopes = ends.map((end) => slope(Number(end) / 2 ** 224));
  if (!slopes.every(Number.isFinite)) return null;
  const [least, greatest] = [Math.min(...slopes), Math.max(...slopes)];
  const wide = [least - Math.abs(least) * 1e-9, greatest + Math.abs(greatest) * 1e-9].map(toFixed);
  const [low, high] = timesIntervals(change, wide);
  const slack = (max(abs(low), abs(high)) >> 40n) + 64n;
  return [low - slack, high + slack];
};

function changeOver(one, l, r) {
  if (one.isConstant) return [0n, 0n];
  return one.change ? one.change(l, r) : null;
}

const sign = (v) => (v > 0n ? 1 : v < 0n ? -1 : 0);

/** [index, sign] where the gap of two spans has another sign than where it last had one, and where it first has one. */
export function changes(a, b, gap, n) {
  const known = new Map();
  const at = (k) => known.get(k) ?? known.set(k, gap(k)).get(k);
  const found = [];
  const note = (k) => {
    const s = sign(at(k));
    if (s !== 0 && s !== found.at(-1)?.[1]) found.push([k, s]);
  };
  note(0n);
  let l = 0n;
  for (let count = 0; l < n - 1n; count++) {
    refuseUnless(count <= POINTS, "more crossings than can be told");
    let r = n - 1n;
    let move = stretch(a, b, at, l, r);
    while (move === null) {
      r = (l + r) / 2n;
      move = stretch(a, b, at, l, r);
    }
    if (move === "monotone" && sign(at(l)) !== sign(at(r)) && sign(at(r)) !== 0) {
      let [low, high] = [l, r];
      while (high - low > 1n) {
        const middle = (low + high) / 2n;
        if (sign(at(middle)) === sign(at(r))) high = middle;
        else low = middle;
      }
      note(high);
    } else note(r);
    known.clear();
    l = r;
  }
  return found;
}

/** What is known of the gap from l to r: "monotone", "same" sign as at both ends, "near" to 0, or null. */
function stretch(a, b, at, l, r) {
  if (r === l + 1n) return "monotone";
  if (a.isListed || b.isListed) return null;
  const [x, y] = [changeOver(a, l, r), changeOver(b, l, r)];
  if (x === null || y === null) return null;
  // the gap is B - A or A - B: what follows holds for both
  const low = y[0] - x[1];
  const high = y[1] - x[0];
  if (low >= 0n || high <= 0n) return "monotone";
  const most = max(-low, high) * (r - l);
  const value = (one, k) => one.curve(one.isConstant ? 0n : k, P);
  const far = max(...[l, r].map((k) => abs(value(a, k) - value(b, k))));
  const size = min(...[a, b].map((one) => min(abs(value(one, l)), abs(value(one, r)))));
  if (far + most <= max((size - most) >> 60n, 1n << 64n)) return "near";
  const [first, last] = [at(l), at(r)];
  if (sign(first) !== sign(last) || sign(first) === 0) return null;
  return 2n * min(abs(first), abs(last)) > most + ((size + far + most) >> 78n) + (1n << 66n) ? "same" : null;
}
