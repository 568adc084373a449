/**
 * A workflow of GitHub Actions as a pipeline: each job becomes a step, what its
 * steps run becomes its script. What has no counterpart stays as a comment where
 * it was, and is told once more in `notes`.
 */
import { Document, isMap, parse, type Scalar, visit } from "yaml";
import { isPlainMap, type Plain, type PlainMap } from "../plainValue";
import { jobAsStep } from "./githubJob";
import { asTemplate } from "./githubText";
import type { Scope } from "./githubExpression";
import { type Carried, freeName, type Imported, Notes } from "./imported";
import { inputsOf, triggersOf } from "./githubTriggers";

export function importGithubActions(text: string): Imported {
  let workflow: unknown;
  try {
    // `on` and `off` are words here, as in YAML 1.2.
    workflow = parse(text, { version: "1.2", merge: true });
  } catch (error) {
    return { ok: false, reason: { words: "import.unreadable", detail: error instanceof Error ? (error.message.split("\n")[0] ?? "") : "" } };
  }
  if (!isPlainMap(workflow as Plain) || !isPlainMap((workflow as PlainMap)["jobs"])) return { ok: false, reason: { words: "import.github.none", detail: "" } };
  const source = workflow as PlainMap;
  const jobs = source["jobs"] as PlainMap;
  const notes = new Notes();
  const ids = new Map<string, string>();
  for (const job of Object.keys(jobs)) ids.set(job, freeName(job, "_", [...ids.values()]));
  const inputs = inputsOf(source["on"], notes);
  const env = isPlainMap(source["env"]) ? Object.keys(source["env"]) : [];
  const scope: Scope = { jobs: ids, inputs: new Map([...inputs].map(([id, { name, schema }]) => [id, { name, type: String(schema["type"]) }])), env: new Set(env), matrix: null };
  const secrets = new Set<string>();
  const artifacts = artifactsOf(jobs, ids);
  const steps: [string, Carried][] = Object.entries(jobs).flatMap(([job, body]) => {
    const id = ids.get(job);
    return id === undefined || !isPlainMap(body) ? [] : [[id, jobAsStep({ job, id, body, workflow: source, scope, artifacts, secrets, notes })] as [string, Carried]];
  });
  const title = typeof source["name"] === "string" ? source["name"] : "workflow";
  const name = freeName(title, "-", []);
  const envOf = Object.fromEntries(
    Object.entries(isPlainMap(source["env"]) ? source["env"] : {}).map(([key, value]) => {
      const carried = asTemplate(String(value), { ...scope, env: new Set() });
      for (const secret of carried.secrets) secrets.add(secret);
      for (const lost of carried.lost) notes.lost(`env.${key}`, lost);
      return [key, carried.text];
    }),
  );
  const pipeline: Record<string, unknown> = {
    version: 1,
    name,
    ...(title === name ? {} : { description: title }),
    ...(inputs.size === 0 ? {} : { inputs: Object.fromEntries([...inputs.values()].map((input) => [input.name, input.schema])) }),
    ...(secrets.size === 0 ? {} : { secrets: [...secrets].toSorted() }),
    ...(env.length === 0 ? {} : { env: envOf }),
    ...triggersOf(source["on"], notes),
    ...concurrencyOf(source["concurrency"], scope, notes),
    steps: Object.fromEntries(steps.map(([id, { value }]) => [id, value])),
  };
  return { ok: true, name, yaml: written(pipeline, steps), notes: notes.all };
}

/** Which step keeps an artifact of a name. */
function artifactsOf(jobs: PlainMap, ids: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [job, body] of Object.entries(jobs)) {
    const id = ids.get(job);
    if (id === undefined || !isPlainMap(body) || !Array.isArray(body["steps"])) continue;
    for (const step of body["steps"]) {
      if (!isPlainMap(step) || !String(step["uses"]).startsWith("actions/upload-artifact@")) continue;
      const given = isPlainMap(step["with"]) ? step["with"] : {};
      found.set(String(given["name"] ?? "artifact"), id);
    }
  }
  return found;
}

function concurrencyOf(given: Plain | undefined, scope: Scope, notes: Notes): Record<string, unknown> {
  if (given === undefined) return {};
  const group = isPlainMap(given) ? given["group"] : given;
  const cancels = isPlainMap(given) && given["cancel-in-progress"] === true;
  const carried = asTemplate(String(group), scope);
  for (const lost of carried.lost) notes.lost("concurrency", lost);
  return { concurrency: { group: carried.text, limit: 1, when_full: cancels ? "cancel_running" : "replace_queued" } };
}

function written(pipeline: Record<string, unknown>, steps: readonly [string, Carried][]): string {
  const document = new Document(pipeline);
  visit(document, {
    Scalar: (_, node: Scalar) => {
      if (typeof node.value === "string" && node.value.includes("\n")) node.type = "BLOCK_LITERAL";
    },
  });
  const mapping = document.get("steps");
  if (isMap<Scalar>(mapping)) {
    for (const pair of mapping.items) {
      const comments = steps.find(([id]) => id === pair.key.value)?.[1].comments ?? [];
      if (comments.length > 0) pair.key.commentBefore = comments.map((line) => ` ${line}`).join("\n");
      if (pair !== mapping.items[0]) pair.key.spaceBefore = true;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

