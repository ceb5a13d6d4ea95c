// Documents: a text in JSON -> nodes, with presets, units, groups -> programs -> fingerprints.
import { ONE, whole } from "./numbers.mjs";
import { Clock, Refusal, refuseUnless } from "./formula.mjs";
import { binary64, compile, toBytes } from "./compile.mjs";
import * as fields from "./fields.mjs";
import { parse } from "./json.mjs";
import { FIELDS, makeNode } from "./kinds.mjs";
import { PRESETS } from "./presets.mjs";
import { sha256 } from "./sha256.mjs";

const DEEPEST = 33;
const QUANTITIES = {
  steps_per_epoch: [fields.factor, undefined],
  batch_size: [fields.factor, undefined],
  tokens_per_step: [fields.factor, undefined],
  rounding: [fields.word("exact", "floor", "ceil", "round"), "exact"],
  at_least_one: [fields.flag, false],
};
const ROOT = ["lrspec", "learning_rate", "momentum", "weight_decay", "other", "groups", "relative", "base_value"];
const HYPERPARAMETERS = ["learning_rate", "momentum", "weight_decay"];

function entriesOf(given) {
  refuseUnless(given instanceof Map, `found ${given}, expected a mapping`);
  return given;
}

/** What a mapping has for each field of a table; unknown keys, missing ones and nulls are errors. */
export function readFields(given, table, context) {
  for (const [key, found] of entriesOf(given))
    refuseUnless(Object.hasOwn(table, key) && found !== null, `the key ${key}, or a null`);
  const read = {};
  for (const [name, rule] of Object.entries(table)) {
    refuseUnless(given.has(name) || rule.length > 1, `no ${name}`);
    read[name] = given.has(name) ? rule[0](given.get(name), context) : rule[1];
  }
  return read;
}

/** A node or a preset. */
function readNode(given, context) {
  const kind = entriesOf(given).get("kind");
  const isPreset = Object.hasOwn(PRESETS, kind);
  refuseUnless(typeof kind === "string" && (isPreset || Object.hasOwn(FIELDS, kind)), `the kind ${kind}`);
  const rest = new Map([...given].filter(([key]) => key !== "kind"));
  if (!isPreset) return makeNode(kind, readFields(rest, FIELDS[kind], context));
  const { args, tree } = PRESETS[kind];
  return tree(readFields(rest, args, context));
}

function contextOf(root) {
  const table = Object.fromEntries(Object.keys(QUANTITIES).filter((key) => root.has(key)).map((key) => [key, QUANTITIES[key]]));
  const given = new Map([...root].filter(([key]) => key in QUANTITIES));
  const quantities = readFields(given, table, null);
  const context = { quantities, node: (one) => readNode(one, context) };
  if (root.has("total_steps")) quantities.total_steps = fields.steps(root.get("total_steps"), context);
  return context;
}

const hasLoneSurrogate = (name) => /\p{Surrogate}/u.test(name);

function readOther(given, context) {
  const names = [...entriesOf(given)];
  refuseUnless(names.length <= 1024, "more than 1024 names");
  return names.map(([name, schedule]) => {
    refuseUnless(name !== "" && !hasLoneSurrogate(name) && !HYPERPARAMETERS.includes(name), `the name ${name}`);
    return [name, readNode(schedule, context)];
  });
}

/** The schedules of a document or a group, by name. */
function readSchedules(given, context) {
  const own = HYPERPARAMETERS.filter((name) => given.has(name)).map((name) => [name, readNode(given.get(name), context)]);
  return new Map([...own, ...(given.has("other") ? readOther(given.get("other"), context) : [])]);
}

function readGroups(given, context) {
  const named = Array.isArray(given) ? given.map((group, place) => [place, group]) : [...entriesOf(given)];
  refuseUnless(named.length <= 1024 && !(Array.isArray(given) && named.length === 0), "1 to 1024 groups");
  return named.map(([name, group]) => {
    refuseUnless(name !== "" && !hasLoneSurrogate(String(name)), `the name ${name}`);
    for (const [key, found] of entriesOf(group))
      refuseUnless([...HYPERPARAMETERS, "other", "scale"].includes(key) && found !== null, `the key ${key}, or a null`);
    const scale = group.has("scale") ? fields.number(group.get("scale")) : ONE;
    return { name, scale, schedules: readSchedules(group, context) };
  });
}

const times = (node, scale) =>
  scale.equals(ONE) ? node : makeNode("affine", { part: node, scale, offset: whole(0) });

/** A document schedules something; without a learning rate it says nothing about one. */
function checkSchedules(root) {
  if (root.has("learning_rate")) return;
  const isScheduled = ["momentum", "weight_decay"].some((name) => root.has(name)) || root.get("other")?.size > 0;
  const isAlone = root.get("relative") !== true && !root.has("base_value");
  refuseUnless(isScheduled && isAlone, "no learning_rate");
  const groups = root.get("groups") ?? [];
  for (const group of groups.values())
    refuseUnless(!["learning_rate", "scale"].some((name) => entriesOf(group).has(name)), "a group's learning rate alone");
}

/** {schedules, groups} of a text: nodes by name, as they are used. */
export function read(text) {
  const root = entriesOf(parse(text));
  for (const [key, found] of root) {
    const isKnown = ROOT.includes(key) || key in QUANTITIES || key === "total_steps";
    refuseUnless(isKnown && found !== null, `the key ${key}, or a null`);
  }
  checkSchedules(root);
  fields.integer(1n, 1n)(root.get("lrspec"));
  const context = contextOf(root);
  const isRelative = root.has("relative") && fields.flag(root.get("relative"));
  const base = root.has("base_value") ? fields.value(root.get("base_value")) : null;
  const schedules = readSchedules(root, context);
  const groups = root.has("groups") ? readGroups(root.get("groups"), context) : [];
  refuseUnless(!isRelative || base !== null, "no base_value");
  const used = (all, scale) => {
    if (!all.has("learning_rate")) return all;
    const rate = isRelative ? times(all.get("learning_rate"), base) : all.get("learning_rate");
    return new Map([...all, ["learning_rate", times(rate, scale)]]);
  };
  return {
    schedules: used(schedules, ONE),
    groups: groups.map(({ name, scale, schedules: own }) => ({ name, schedules: used(new Map([...schedules, ...own]), scale) })),
  };
}

/** A node with the number of each `previous`, which is `number()` where the node itself begins. */
function settled(node, number = null) {
  const { kind, part, parts } = node;
  if (node.init_value === fields.PREVIOUS) {
    refuseUnless(number !== null, "a `previous` that no part comes before");
    const init_value = number();
    refuseUnless(fields.isValue(init_value), "a `previous` that is no value");
    return makeNode(kind, { ...node, init_value });
  }
  if (part) return makeNode(kind, { ...node, part: settled(part, ["freeze", "every", "stretch"].includes(kind) ? number : null) });
  if (!parts) return node;
  const found = [];
  for (const [i, one] of parts.entries()) {
    const time = node.time === "global" ? node.starts[i] : i > 0 && parts[i - 1].length;
    const before = () => binary64(found[i - 1].formula(new Clock(time, ONE, 1n)), 0n);
    const first = kind === "sequence" ? number : null;
    found.push(settled(one, i > 0 && kind === "sequence" ? before : first));
  }
  return makeNode(kind, { ...node, parts: found });
}

const valueCount = ({ kind, values, part, parts }) =>
  (values?.length ?? 0) + [part, ...(parts ?? [])].reduce((sum, one) => sum + (one ? valueCount(one) : 0), 0);

/** The canonical bytes of a node's program. */
export function bytesOf(node) {
  refuseUnless(node.depth <= DEEPEST, "schedules nested too deep");
  return toBytes(compile(settled(node), valueCount(node)));
}

const fingerprintOf = (bytes) => `sha256:${sha256(bytes)}`;
const ESCAPES = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function inJson(name) {
  if (typeof name === "number") return String(name);
  const escaped = name.replace(/["\\]|[^ -~]/g, (unit) => {
    return ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

const byCodePoints = (a, b) => {
  const [x, y] = [a, b].map((name) => Array.from(name, (c) => c.codePointAt(0)));
  const i = x.findIndex((c, at) => c !== y[at]);
  return i < 0 ? x.length - y.length : x[i] - (y[i] ?? -1);
};

/** The fingerprint of a document; a Refusal where it is not valid, or has no program. */
export function fingerprint(text) {
  const { schedules, groups } = read(text);
  const known = new Map();
  const one = (node) => known.get(node) ?? known.set(node, fingerprintOf(bytesOf(node))).get(node);
  if (schedules.size === 1 && groups.length === 0 && schedules.has("learning_rate"))
    return one(schedules.get("learning_rate"));
  const lines = (all, before) =>
    [...all.keys()].sort(byCodePoints).map((name) => `${before}${inJson(name)} ${one(all.get(name))}\n`);
  const all = [...lines(schedules, ""), ...groups.flatMap((group) => lines(group.schedules, `${inJson(group.name)} `))];
  return fingerprintOf(new TextEncoder().encode(all.join("")));
}

export { Refusal };
