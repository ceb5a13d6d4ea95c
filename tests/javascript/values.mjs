// [{program, steps}, ...] -> [{bits} or {error}, ...]: programs in hexadecimal digits, float32 patterns as integers.
import { readFileSync } from "node:fs";
import { bits, fromHex, readProgram, valueAt } from "../../src/lrspec/views/evaluate.mjs";

const pattern = (value) => {
  if (!Object.is(value, Math.fround(value))) throw new Error(`${value} is no float32 number`);
  return parseInt(bits(value), 16);
};

const answer = ({ program, steps }) => {
  try {
    const read = readProgram(fromHex(program));
    return { bits: steps.map((step) => pattern(valueAt(read, step))) };
  } catch (error) {
    if (error instanceof RangeError) return { error: error.message };
    throw error;
  }
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(answer)));
