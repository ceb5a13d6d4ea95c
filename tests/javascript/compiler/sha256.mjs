// SHA-256 (FIPS 180-4), since the one of browsers is asynchronous.

const isPrime = (n) => Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => n % d !== 0);
const PRIMES = Array.from({ length: 310 }, (_, i) => i + 2).filter(isPrime).slice(0, 64);
const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0;
const INITIAL = PRIMES.slice(0, 8).map((p) => fraction(p ** (1 / 2)));
const ROUNDS = PRIMES.map((p) => fraction(Math.cbrt(p)));

const turned = (x, n) => (x >>> n) | (x << (32 - n));

/** The SHA-256 of bytes, as 64 hexadecimal digits. */
export function sha256(bytes) {
  const padded = new Uint8Array(64 * Math.ceil((bytes.length + 9) / 64));
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, 8n * BigInt(bytes.length));
  let hash = INITIAL;
  for (let at = 0; at < padded.length; at += 64) hash = digested(hash, view, at);
  return hash.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function digested(hash, view, at) {
  const w = Array.from({ length: 16 }, (_, i) => view.getInt32(at + 4 * i));
  for (let i = 16; i < 64; i++) {
    const s0 = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ (w[i - 15] >>> 3);
    const s1 = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ (w[i - 2] >>> 10);
    w.push((w[i - 16] + s0 + w[i - 7] + s1) | 0);
  }
  let [a, b, c, d, e, f, g, h] = hash;
  for (let i = 0; i < 64; i++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(t1 + t2) | 0, a, b, c, (d + t1) | 0, e, f, g];
  }
  return hash.map((word, i) => (word + [a, b, c, d, e, f, g, h][i]) | 0);
}
