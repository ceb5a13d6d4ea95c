// The values of a program of lrspec, as docs/spec.md says under "The program". Every number here is an integer that
// binary64 holds exactly; the one rounding is Math.fround. So the values are those of every other evaluator.

const MAX = 0x7fffffff; // the last step, and the last index
const check = (holds, found) => {
  if (!holds) throw new RangeError(`not a program: ${found}`);
};

/** The bytes that a text in base64 or in hexadecimal digits stands for. */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
export function fromHex(text) {
  check(text.length % 2 === 0 && !/[^0-9a-f]/i.test(text), "no hexadecimal digits");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** The bits of a float32 number, as eight hexadecimal digits. */
export const bits = (value) => new Uint32Array(Float32Array.of(value).buffer)[0].toString(16).padStart(8, "0");

/** A program, of its canonical bytes (a Uint8Array or an ArrayBuffer); a RangeError where they break a bound. */
export function readProgram(source) {
  const view = new DataView(source.buffer ?? source, source.byteOffset ?? 0, source.byteLength);
  const header = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset, 17));
  // a word beyond 2^53 is rounded, and stays beyond every bound
  const word = (i) => view.getInt32(21 + 8 * i, true) * 0x100000000 + view.getUint32(17 + 8 * i, true);
  const [lastStep, P, S] = [word(0), word(1), word(2)];
  check(0 <= lastStep && lastStep <= MAX && P >= 1 && S >= 1, `last step ${lastStep}, ${P} phases, ${S} segments`);
  check(header === "lrspec-program-1\n" && view.byteLength === 41 + 40 * P + 88 * S, `${view.byteLength} bytes`);
  const phases = Float64Array.from({ length: 5 * P }, (_, i) => word(3 + i));
  const segments = Float64Array.from({ length: 11 * S }, (_, i) => word(3 + 5 * P + i));
  checkSegments(segments, checkPhases(phases));
  return { lastStep, phases, segments: segments.map((v, i) => (i % 11 === 2 ? powerOfTwo(-v) : v)) };
}

/** The value at a step, a float32 number; a RangeError where the step is not one from 0 to `lastStep`. */
export function valueAt({ lastStep, phases, segments }, step) {
  if (!(Number.isInteger(step) && step >= 0 && step <= lastStep)) throw new RangeError(`no value at step ${step}`);
  const p = find(phases, 5, step);
  const u = (step - phases[p]) % (phases[p + 2] || Infinity);
  const index = phases[p + 1] + quotient(u, phases[p + 3], phases[p + 4]);
  const s = find(segments, 11, index);
  const x = (index - segments[s]) * (1 << segments[s + 1]);
  let acc = segments[s + 10];
  for (let k = s + 9; k >= s + 3; k--) acc = product(acc, x) + segments[k];
  return Math.fround(acc) * segments[s + 2];
}

/** floor(u * numerator / denominator): binary64 misses it by one at most, which the remainder modulo 2^32 tells. */
function quotient(u, numerator, denominator) {
  const q = Math.floor((u * numerator) / denominator);
  const r = (Math.imul(u, numerator) - Math.imul(q, denominator)) | 0;
  return r < 0 ? q - 1 : r >= denominator ? q + 1 : q;
}

/** floor(acc * x / 2^30), by 15 bits of x and then the other 15, so that nothing leaves 2^53. */
function product(acc, x) {
  const [x1, x0] = [Math.floor(x / 0x8000), x % 0x8000];
  const high = Math.floor(acc / 0x800000);
  const low = acc - high * 0x800000;
  const carry = high * x0 * 0x100 + Math.floor((low * x0) / 0x8000);
  return high * x1 * 0x100 + Math.floor((low * x1 + carry) / 0x8000);
}

/** Where the last row of a table is that starts at or before `at`. */
function find(table, width, at) {
  let [low, high] = [0, table.length / width];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    [low, high] = table[middle * width] <= at ? [middle, high] : [low, middle];
  }
  return low * width;
}

const powerOfTwo = (n) => (n === 0 ? 1 : n < 0 ? powerOfTwo(n + 1) / 2 : powerOfTwo(n - 1) * 2);

/** Check the phases, and return the largest index that they yield. */
function checkPhases(phases) {
  let largest = 0;
  for (let i = 0; i < phases.length; i += 5) {
    const [start, base, period, numerator, denominator] = phases.subarray(i, i + 5);
    check(i === 0 ? start === 0 : start > phases[i - 5] && start <= MAX, `a phase from ${start} on`);
    check(base >= 0 && base <= MAX && period >= 0 && period <= MAX, `base ${base}, period ${period}`);
    check(1 <= numerator && numerator <= denominator && denominator <= 0x7ffc0000, `${numerator}/${denominator}`);
    const steps = Math.min((phases[i + 5] ?? MAX + 1) - start, period || Infinity);
    largest = Math.max(largest, base + quotient(steps - 1, numerator, denominator));
  }
  check(largest <= MAX, `index ${largest}`);
  return largest;
}

function checkSegments(segments, largest) {
  for (let i = 0; i < segments.length; i += 11) {
    const [start, shift, exponent, ...c] = segments.subarray(i, i + 11);
    check(i === 0 ? start === 0 : start > segments[i - 11] && start <= MAX, `a segment from ${start} on`);
    check(0 <= shift && shift <= 30 && -104 <= exponent && exponent <= 172, `shift ${shift}, exponent ${exponent}`);
    check(c.reduce((sum, ck) => sum + Math.abs(ck), 7) < 0x800000000000, `coefficients ${c}`);
    const x = ((segments[i + 11] ?? largest + 1) - 1 - start) * (1 << shift);
    check(x < 0x40000000 || c.every((ck, k) => k === 0 || ck === 0), `x ${x}`);
  }
}
