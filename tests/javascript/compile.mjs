// [text, ...] -> [{fingerprint, program?} or {error}, ...] of documents in JSON
import { readFileSync } from "node:fs";
import { Refusal, fingerprint } from "./compiler/document.mjs";

const answer = (text) => {
  try {
    return { fingerprint: fingerprint(text) };
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message };
    return { crash: error.stack };
  }
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf-8")).map(answer)));
