// C7, C8 and C9: from a span to segments.
import { abs, bits, max, min, nearest, quotient } from "./numbers.mjs";
import { refuseUnless } from "./formula.mjs";

const NODES = [10315824n, 90479063n, 238601414n, 432132593n, 641609231n, 835140410n, 983262761n, 1063426000n];
const CHECKS = [0n, 40866865n, 536870912n, 1032874959n, 1073741824n];
const EIGHTHS = [1024n, 1116n, 1217n, 1327n, 1448n, 1579n, 1722n, 1878n];
const LARGEST = ((1n << 25n) - 1n) << 327n;
const TINY = 1n << 98n;
const P = 224n;

const isTiny = (v) => abs(v) < TINY;
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0n);
const sizes = (numbers) => sum(numbers.map(abs));
const least = (numbers) => numbers.reduce((a, b) => min(a, b));
const greatest = (numbers) => numbers.reduce((a, b) => max(a, b));

/** [c0, exponent]: a number rounded to 24 bits. */
export function rounded(v, p) {
  let excess = bits(v) - 24n;
  if (bits(v) <= p - 126n) return [0n, 0n];
  let m = excess >= 0n ? nearest(v, 1n << excess) : v << -excess;
  if (abs(m) === 1n << 24n) {
    m /= 2n;
    excess += 1n;
  }
  return [m, p - excess];
}

/** The segments of a span of n indices, counted from its start. */
export function* segmentsOf(span, n) {
  const known = new Map();
  const value = (i) => {
    if (!known.has(i)) {
      const v = span.curve(i, P);
      refuseUnless(abs(v) < LARGEST, "a value beyond the range of float32");
      known.set(i, v);
    }
    return known.get(i);
  };
  const single = (i) => {
    const [m, exponent] = rounded(value(i), P);
    return { start: i, shift: 0n, exponent, c: [m, 0n, 0n, 0n, 0n, 0n, 0n, 0n] };
  };
  if (span.isConstant) {
    yield single(0n);
    return;
  }
  const most = span.wave > 0n ? min(1n << 30n, 8n * span.wave) : 1n << 30n;
  let [start, guess] = [0n, n];
  while (start < n) {
    const count = min(min(guess, n - start), most);
    if (count === 1n) {
      yield single(start);
      guess = 2n;
      start += 1n;
      continue;
    }
    const { segment, slack } = fit(value, span.isListed, start, count);
    if (segment) {
      yield segment;
      start += count;
      guess = count <= 16n ? 2n * count : scaled(count, slack);
      known.clear();
    } else guess = min(scaled(count, slack), count > 16n ? (count * 7n) / 8n : count - 1n);
  }
}

const upTo = (count) => Array.from({ length: Number(count) }, (_, i) => BigInt(i));

function spread(count, where, few) {
  return count <= few ? upTo(count) : where.map((w) => ((count - 1n) * w + (1n << 29n)) >> 30n);
}

function mayFit(a, b) {
  if (isTiny(a) || isTiny(b)) return isTiny(a) && isTiny(b);
  return a < 0n === b < 0n && abs(bits(a) - bits(b)) <= 3n;
}

function fit(value, isListed, start, count) {
  const none = (slack) => ({ segment: null, slack });
  const [first, last] = [value(start), value(start + count - 1n)];
  if (!mayFit(first, last)) return none(-8n);
  const u = spread(count, NODES, 8n);
  const v = u.map((i) => value(start + i));
  let w = spread(count, CHECKS, 16n);
  if ([first, last, ...v].every(isTiny)) {
    if (!w.every((i) => isTiny(value(start + i)))) return none(-8n);
    return { segment: { start, shift: 0n, exponent: 0n, c: Array(8).fill(0n) }, slack: 210n };
  }
  if (!mayFit(least(v), greatest(v))) return none(-8n);
  const b = bits(count - 1n);
  const [exponent, c] = quantized(interpolated(u, [...v], b));
  const d = BigInt(Math.max(0, c.findLastIndex((ck) => ck !== 0n)));
  if (isListed) w = upTo(count);
  const shift = 30n - b;
  const slack = least(w.map((i) => slackAt(c, d, exponent, i << shift, value(start + i))));
  if (slack < 0n) return none(slack);
  if (isListed && !w.every((i) => isExact(c, exponent, i << shift, value(start + i)))) return none(-1n);
  return { segment: { start, shift, exponent, c }, slack };
}

/** The polynomial through the values v at u, in powers of u / 2^b. */
function interpolated(u, v, b) {
  const m = u.length;
  for (let j = 1; j < m; j++)
    for (let i = m - 1; i >= j; i--) v[i] = quotient((v[i] - v[i - 1]) << b, u[i] - u[i - j]);
  let r = [v[m - 1]];
  for (let i = m - 2; i >= 0; i--) {
    const old = r;
    r = Array.from({ length: old.length + 1 }, (_, k) => {
      return (k > 0 ? old[k - 1] : 0n) - (k < old.length ? (old[k] * u[i]) >> b : 0n);
    });
    r[0] += v[i];
  }
  return r;
}

function quantized(r) {
  for (let excess = bits(sizes(r)) - 47n; ; excess += 1n) {
    const c = r.map((rk) => (excess >= 0n ? nearest(rk, 1n << excess) : rk << -excess));
    if (sizes(c) + 7n < 1n << 47n) return [P - excess, [...c, ...Array(8 - c.length).fill(0n)]];
  }
}

function isExact(c, exponent, x, v) {
  const acc = c.reduceRight((higher, ck) => ((higher * x) >> 30n) + ck, 0n);
  const [m, e] = rounded(acc, exponent);
  const [n, f] = rounded(v, P);
  return m === n && e === f;
}

function slackAt(c, d, exponent, x, v) {
  const polynomial = c.reduceRight((higher, ck, k) => higher * x + (ck << (30n * BigInt(7 - k))), 0n);
  const t = exponent - 14n;
  const W = t >= 0n ? v << t : v >> -t;
  const allowed = (abs(W) >> 42n) - (d << 210n);
  const error = 2n * abs(polynomial - W);
  if (error <= allowed) return error < allowed >> 1n ? bits(allowed) - bits(error) - 1n : 0n;
  return allowed <= 0n ? -8n : min(-1n, bits(allowed) - bits(error));
}

/** count * 2^(slack / 8) */
function scaled(count, slack) {
  const s = min(max(slack, -64n), 64n);
  const octaves = quotient(s, 8n);
  const t = count * EIGHTHS[Number(s - 8n * octaves)];
  return max(1n, octaves >= 0n ? (t << octaves) >> 10n : t >> (10n - octaves));
}
