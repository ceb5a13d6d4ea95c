// "exp" of docs/spec.md: the largest term of a part, as a number.
import { toNumber } from "./bounds.mjs";
import { PREVIOUS } from "./fields.mjs";

const sizeOf = (q) => (q === undefined || q === PREVIOUS ? 0 : Math.abs(toNumber(q)));
const largest = (numbers) => numbers.reduce((a, b) => Math.max(a, b), 0);

export function largestTerm(node) {
  const { kind, part, parts } = node;
  const inner = [part, ...(parts ?? [])].filter(Boolean).map(largestTerm);
  if (inner.length === 0)
    return largest([node.value, node.init_value, node.end_value, ...(node.values ?? [])].map(sizeOf));
  if (kind === "product") return inner.reduce((a, b) => a * b, 1);
  if (kind === "sum") return inner.reduce((a, b) => a + b, 0);
  if (kind === "affine") return sizeOf(node.scale) * inner[0] + sizeOf(node.offset);
  if (kind === "power") return node.exponent.num < 0n ? 1 : Math.max(inner[0], 1) ** toNumber(node.exponent);
  if (kind === "exp") return 1;
  if (kind !== "repeat" || node.scaling === "all") return largest(inner);
  if (toNumber(node.peak_mult) > 1) return Infinity;
  const m = largest([sizeOf(node.floor_value), sizeOf(node.peak_value)]);
  const h = node.scaling === "height" ? 1 : sizeOf(node.peak_value.minus(node.floor_value));
  return m + Math.max(1, m / h) * inner[0];
}
