// Runs the conformance vectors on the evaluator in JavaScript: answers lines of JSON to the job on standard input.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bits, fromHex, readProgram, valueAt } from "../views/evaluate.mjs";

const folder = fileURLToPath(new URL("vectors/", import.meta.url));
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const say = (kind, content) => process.stdout.write(JSON.stringify([kind, content]) + "\n");

/** The steps of a vector with the bits that are right there, one or two. */
function* points(vector) {
  for (const [step, digits] of vector.points)
    for (let i = 0; i < digits.length; i += 8) yield [step + i / 8, digits.slice(i, i + 8)];
  for (const [step, ...pair] of vector.either ?? []) yield [step, ...pair];
}

/** What is wrong with a vector, as [step, got, wanted] each; every value that was got goes into `got`. */
function* wrong(vector, corrupt, got) {
  const bytes = fromHex(vector.program);
  if (vector.refused_by) {
    let taken = true;
    try {
      readProgram(bytes);
    } catch {
      taken = false;
    }
    got.push(taken ? "taken" : "refused");
    if (taken) yield [null, "taken", "refused"];
    return;
  }
  if (`sha256:${sha256(bytes)}` !== vector.fingerprint) yield [null, sha256(bytes), vector.fingerprint];
  const program = readProgram(bytes);
  if (corrupt) program.segments[3] += Math.max(1, Math.floor(Math.abs(program.segments[3]) / 2 ** 22));
  for (const [step, ...right] of points(vector)) {
    const found = bits(valueAt(program, step));
    got.push(found);
    if (!right.includes(found)) yield [step, found, right.join(" or ")];
  }
  for (const step of [-1, vector.last_step + 1]) {
    try {
      yield [step, bits(valueAt(program, step)), "no value"];
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
}

function ofFile(name, corrupt) {
  const content = readFileSync(`${folder}${name}.json`);
  const vectors = JSON.parse(content).vectors.filter((vector) => "program" in vector);
  const got = [];
  const found = { file: name, fingerprint: `sha256:${sha256(content)}`, vectors: vectors.length, points: 0, differing: 0 };
  Object.assign(found, { first_vector: null, first_difference: null, got: null, wanted: null });
  for (const vector of vectors) {
    for (const [step, is, should] of wrong(vector, corrupt, got)) {
      if (!found.differing++)
        Object.assign(found, { first_vector: vector.id, first_difference: step, got: is, wanted: should });
    }
  }
  return { ...found, points: got.length, values: sha256(got.join(" ")) };
}

const job = JSON.parse(readFileSync(0, "utf8"));
const version = process.version.slice(1);
say("plan", { version, modes: [["evaluate.mjs", "cpu"]] });
say("start", ["evaluate.mjs", "cpu", 0]);
const began = Date.now();
const files = job.files.map((name) => ofFile(name, job.corrupt)).filter((file) => file.vectors);
const sum = (key) => files.reduce((total, file) => total + file[key], 0);
const first = files.find((file) => file.differing) ?? {};
say("row", {
  backend: job.label, version, device: "cpu", mode: "evaluate.mjs", selection: "with programs",
  vectors: sum("vectors"), steps: sum("points"), differing: sum("differing"), seconds: (Date.now() - began) / 1000,
  first_vector: first.first_vector ?? null, first_difference: first.first_difference ?? null,
  got: first.got ?? null, wanted: first.wanted ?? null, files,
});
say("end", null);
