// C5, C6 and C26: from a formula to a program, to its canonical bytes, and to a binary64 number.
import { Fraction, ONE, ZERO, abs, bits, max, min, nearest, quotient } from "./numbers.mjs";
import { Clock, Run, STEPS, constant, refuseUnless, valueAt } from "./formula.mjs";
import { segmentsOf } from "./segments.mjs";

const MOST_SEGMENTS = 2978;
const DENOMINATORS = STEPS - (1n << 18n);

/** {phases, segments, lastStep} of a node without `previous`, which lists so many values. */
export function compile(node, valueCount) {
  const { runs, lastStep } = node.formula(new Clock(ZERO, ONE, STEPS));
  refuseUnless(lastStep >= 0n, "a schedule without a value at step 0");
  const phases = [];
  const segments = [];
  let [base, constants, listed] = [0n, 0, 0n];
  for (const [i, given] of runs.entries()) {
    const end = runs[i + 1]?.start ?? STEPS;
    const run = withoutFarStairs(given, end);
    const [phase, count] = phaseOf(run, end, base);
    if (!(isIdentity(phase) && phases.length > 0 && isIdentity(phases.at(-1)))) phases.push(phase);
    for (const [j, one] of run.spans.entries()) {
      const limit = run.spans[j + 1]?.start ?? count;
      if (one.isConstant) constants++;
      if (one.isListed) listed = min(BigInt(valueCount), listed + limit - one.start);
      for (const segment of segmentsOf(one, limit - one.start)) {
        segments.push({ ...segment, start: base + one.start + segment.start });
        const most = MOST_SEGMENTS + constants + Number(listed);
        refuseUnless(segments.length <= most, "a program larger than 262144 bytes");
      }
    }
    base += count;
  }
  return { phases, segments, lastStep };
}

const isIdentity = ({ period, q }) => period === 0n && q.equals(ONE);

function withoutFarStairs(run, end) {
  if (run.isConstant || run.stride.isBelow(new Fraction(max(end - run.start, DENOMINATORS + 1n)))) return run;
  const [first] = run.spans;
  return new Run([constant((p) => first.curve(0n, p))], { start: run.start });
}

function phaseOf(run, end, base) {
  const n = end - run.start;
  if (run.isConstant) return [{ start: run.start, base, period: 0n, q: ONE }, n];
  const period = run.period < n ? run.period : 0n;
  const q = run.stride.equals(ONE) ? ONE : division(run.stride);
  const count = quotient(((period === 0n ? n : period) - 1n) * q.num, q.den) + 1n;
  return [{ start: run.start, base, period, q }, count];
}

function division(stride) {
  let q = ONE.over(stride);
  if (q.den > DENOMINATORS) q = largestBelow(q, STEPS - 1n);
  refuseUnless(q.den <= DENOMINATORS, "a period with too many digits");
  return q;
}

/** The largest fraction that is not above x, with a denominator of at most `most`. */
function largestBelow(x, most) {
  let [low, high] = [{ n: 0n, d: 1n }, { n: 1n, d: 0n }];
  for (;;) {
    const below = x.num * low.d - low.n * x.den; // of x - low, above 0 until they are equal
    const above = high.n * x.den - x.num * high.d; // of high - x
    if (below === 0n) return new Fraction(low.n, low.d);
    let k = below / above;
    if (high.d > 0n) k = min(k, (most - low.d) / high.d);
    low = { n: low.n + k * high.n, d: low.d + k * high.d };
    const rest = x.num * low.d - low.n * x.den;
    if (rest === 0n) continue;
    const j = min((above - 1n) / rest, (most - high.d) / low.d);
    high = { n: high.n + j * low.n, d: high.d + j * low.d };
    if (k === 0n && j === 0n) return new Fraction(low.n, low.d);
  }
}

/** The canonical bytes of a program. */
export function toBytes({ phases, segments, lastStep }) {
  const header = new TextEncoder().encode("lrspec-program-1\n");
  const words = [lastStep, BigInt(phases.length), BigInt(segments.length)];
  for (const { start, base, period, q } of phases) words.push(start, base, period, q.num, q.den);
  for (const { start, shift, exponent, c } of segments) words.push(start, shift, exponent, ...c);
  const bytes = new Uint8Array(header.length + 8 * words.length);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setBigInt64(header.length + 8 * i, word, true));
  return bytes;
}

/** The binary64 number nearest to a formula at a step, as a fraction. */
export function binary64(formula, step) {
  let [v, p] = [0n, 0n];
  for (p of [192n, 448n, 1344n]) {
    v = valueAt(formula, step, p);
    if (abs(v) >> 128n > 0n) break;
  }
  const x = bits(v) - 53n;
  if (x > 0n) {
    const kept = abs(v) >> x;
    const rest = abs(v) - (kept << x);
    if (abs(rest - (1n << (x - 1n))) <= abs(v) >> 110n) v = (v < 0n ? -1n : 1n) * ((kept + (kept % 2n)) << x);
  }
  const unit = max(x, p - 1074n); // of the last of 53 bits, or of a subnormal number
  return new Fraction(unit > 0n ? nearest(v, 1n << unit) << unit : v, 1n << p);
}
