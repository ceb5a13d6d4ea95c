// [["hex" or "base64", text], ...] -> [bytes or null, ...]
import { readFileSync } from "node:fs";
import { fromBase64, fromHex } from "../../src/lrspec/views/evaluate.mjs";

const bytes = ([form, text]) => {
  try {
    return [...(form === "hex" ? fromHex : fromBase64)(text)];
  } catch {
    return null;
  }
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(bytes)));
