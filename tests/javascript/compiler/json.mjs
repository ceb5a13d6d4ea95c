// JSON, read strictly: an object is a Map, and a number keeps its text, since 1e5 is not 100000.
import { Refusal } from "./formula.mjs";

export class NumberText {
  constructor(text) {
    this.text = text;
  }
}

const MOST = { bytes: 1048576, depth: 100, values: 100000, digits: 400 };
const TOKEN = /[ \t\n\r]*(?:([{}[\],:])|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)|("(?:[^"\\\u0000-\u001f]|\\.)*")|(true|false|null))/y;

export function parse(text) {
  if (new TextEncoder().encode(text).length > MOST.bytes) throw new Refusal("a text of more than 1048576 bytes");
  let [at, count] = [text.startsWith("\ufeff") ? 1 : 0, 0];
  const next = () => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) throw new Refusal(`no JSON at ${at}`);
    at = TOKEN.lastIndex;
    return found;
  };
  const value = (depth, token = next()) => {
    const [, mark, number, string, word] = token;
    if (++count > MOST.values || depth > MOST.depth) throw new Refusal("a text that stands for too much");
    if (number?.length > MOST.digits) throw new Refusal("a number of more than 400 characters");
    if (number !== undefined) return new NumberText(number);
    if (string !== undefined) return JSON.parse(string);
    if (word !== undefined) return JSON.parse(word);
    if (mark === "[") return list(depth + 1);
    if (mark === "{") return mapping(depth + 1);
    throw new Refusal(`${mark} at ${at}`);
  };
  const list = (depth) => {
    const items = [];
    for (let token = next(); token[1] !== "]"; token = next()) {
      if (items.length > 0) {
        if (token[1] !== ",") throw new Refusal(`no comma at ${at}`);
        token = next();
      }
      items.push(value(depth, token));
    }
    return items;
  };
  const mapping = (depth) => {
    const found = new Map();
    for (let token = next(); token[1] !== "}"; token = next()) {
      if (found.size > 0) {
        if (token[1] !== ",") throw new Refusal(`no comma at ${at}`);
        token = next();
      }
      const key = value(depth, token);
      if (typeof key !== "string" || found.has(key)) throw new Refusal(`the key ${key} at ${at}`);
      if (next()[1] !== ":") throw new Refusal(`no colon at ${at}`);
      found.set(key, value(depth));
    }
    return found;
  };
  const whole = value(0);
  if (text.slice(at).trim() !== "") throw new Refusal("more than one document");
  return whole;
}
