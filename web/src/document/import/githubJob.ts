/** One job of a workflow as one step: its needs and conditions, where it runs, and a script of all that it runs. */
import { say } from "../../words/say";
import { isPlainMap, type Plain, type PlainMap } from "../plainValue";
import { asScript, asTemplate, type CarriedText } from "./githubText";
import { inCel, outputName, type Scope } from "./githubExpression";
import { type Carried, freeName, type Notes, textsOf } from "./imported";

export interface Job {
  readonly job: string;
  readonly id: string;
  readonly body: PlainMap;
  readonly workflow: PlainMap;
  readonly scope: Scope;
  /** Steps by the names of the artifacts that they keep. */
  readonly artifacts: ReadonlyMap<string, string>;
  /** Those of the pipeline; what is used is added. */
  readonly secrets: Set<string>;
  readonly notes: Notes;
}

export function jobAsStep(job: Job): Carried {
  const comments: string[] = [];
  const lost = (what: string) => {
    comments.push(say("import.comment", { what: what.replace(/\s*\n\s*/g, "; ") }));
    job.notes.lost(job.id, what);
  };
  const { body } = job;
  const scope: Scope = { ...job.scope, matrix: axesOf(body["strategy"]), env: new Set([...job.scope.env, ...Object.keys(mapping(body["env"]))]) };
  const carry = (carried: CarriedText): string => {
    for (const secret of carried.secrets) job.secrets.add(secret);
    for (const one of carried.lost) lost(one);
    return carried.text;
  };
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(mapping(body["env"]))) env[key] = carry(asTemplate(String(value), { ...scope, env: job.scope.env }));
  const { on, condition } = conditionOf(body["if"], { ...scope, matrix: null }, lost);
  const needs = textsOf(body["needs"]).flatMap((need) => job.scope.jobs.get(need) ?? []);
  const value: Record<string, unknown> = {
    ...(typeof body["name"] === "string" && body["name"] !== job.job && !body["name"].includes("${{") ? { name: body["name"] } : {}),
    ...(needs.length === 0 ? {} : { needs: on === "ok" ? (needs.length === 1 ? needs[0] : needs) : Object.fromEntries(needs.map((need) => [need, on])) }),
    ...(condition === null ? {} : { if: condition }),
    ...matrixOf(body["strategy"], scope, lost),
    ...labelsOf(body["runs-on"], lost),
  };
  if (typeof body["uses"] === "string") {
    const given = Object.entries(mapping(body["with"])).map(([name, text]) => [outputName(name), typeof text === "string" ? carry(asTemplate(text, scope)) : text]);
    const called = (body["uses"].split("@")[0] ?? "").split("/").at(-1)?.replace(/\.ya?ml$/, "") ?? "";
    return { value: { ...value, pipeline: { name: freeName(called, "-", []), ...(given.length === 0 ? {} : { inputs: Object.fromEntries(given) }) } }, comments };
  }
  const script = scriptOf(job, scope, env, carry, lost);
  for (const key of ["services", "environment"]) if (body[key] !== undefined) lost(`${key}: ${JSON.stringify(body[key])}`);
  const image = isPlainMap(body["container"]) ? body["container"]["image"] : body["container"];
  if (isPlainMap(body["container"])) for (const [key, text] of Object.entries(mapping(body["container"]["env"]))) env[key] = carry(asTemplate(String(text), scope));
  Object.assign(value, script.keys);
  if (Object.keys(env).length > 0) value["env"] = env;
  if (typeof image === "string") value["container"] = { image: carry(asTemplate(image, scope)), run: script.text };
  else value["run"] = script.text;
  const outputs = Object.keys(mapping(body["outputs"]));
  if (outputs.length > 0) value["outputs"] = Object.fromEntries(outputs.map((name) => [outputName(name), { type: "string" }]));
  for (const [name, from] of Object.entries(mapping(body["outputs"]))) {
    const written = /^\s*\$\{\{\s*steps\.[\w-]+\.outputs\.([\w-]+)\s*\}\}\s*$/.exec(String(from))?.[1];
    if (written !== name) lost(`outputs.${name}: ${String(from)}`);
  }
  if (typeof body["timeout-minutes"] === "number") value["timeout"] = `${Math.ceil(body["timeout-minutes"])}m`;
  if (body["continue-on-error"] === true) value["allow_failure"] = true;
  return { value, comments };
}

/** `always()` and its like say which ends of the needs count; the rest is an expression. */
function conditionOf(given: Plain | undefined, scope: Scope, lost: (what: string) => void): { on: "ok" | "always" | "failed"; condition: string | null } {
  if (given === undefined || given === null) return { on: "ok", condition: null };
  const bare = String(given).replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, "$1").trim();
  const parts = bare.split(/\s*&&\s*/);
  const checks = parts.filter((part) => /^!?\w+\(\)$/.test(part));
  const rest = parts.filter((part) => !checks.includes(part)).join(" && ");
  const known: Readonly<Record<string, "ok" | "always" | "failed">> = { "success()": "ok", "always()": "always", "!cancelled()": "always", "failure()": "failed" };
  const on = checks.length === 0 ? "ok" : checks.length === 1 ? known[checks[0] ?? ""] : undefined;
  const said = rest === "" ? null : inCel(rest, scope);
  if (on === undefined || (rest !== "" && said?.sort !== "truth")) {
    // What nobody can judge here must not run unasked.
    lost(`if: ${bare}`);
    return { on: on ?? "ok", condition: "false" };
  }
  return { on, condition: said?.text ?? null };
}

function axesOf(strategy: Plain | undefined): ReadonlySet<string> | null {
  const matrix = isPlainMap(strategy) ? strategy["matrix"] : undefined;
  return matrix === undefined ? null : new Set(Object.keys(mapping(matrix)).filter((axis) => axis !== "include" && axis !== "exclude"));
}

function matrixOf(strategy: Plain | undefined, scope: Scope, lost: (what: string) => void): Record<string, unknown> {
  if (!isPlainMap(strategy)) return {};
  const given = strategy["matrix"];
  if (!isPlainMap(given)) {
    if (given !== undefined) lost(`matrix: ${String(given)}`);
    return {};
  }
  const { include, exclude, ...axes } = given;
  const carried: [string, unknown][] = [];
  for (const [axis, values] of Object.entries(axes)) {
    const list = /^\s*\$\{\{\s*fromJSON\(([\s\S]*)\)\s*\}\}\s*$/i.exec(String(values))?.[1];
    const said = list === undefined ? null : inCel(list, { ...scope, matrix: null });
    if (Array.isArray(values)) carried.push([outputName(axis), values]);
    else if (said !== null) carried.push([outputName(axis), said.text]);
    else lost(`matrix.${axis}: ${String(values)}`);
  }
  for (const [name, list] of [["include", include], ["exclude", exclude]] as const) if (list !== undefined && !Array.isArray(list)) lost(`matrix.${name}: ${String(list)}`);
  const parallel = typeof strategy["max-parallel"] === "number" ? { max_parallel: strategy["max-parallel"] } : {};
  // It is the rule there that one failure ends the others.
  const ends = strategy["fail-fast"] === false ? {} : { fail_fast: true };
  if (carried.length === 0 && Array.isArray(include)) return { foreach: { items: include, ...parallel, ...ends } };
  if (carried.length === 0) return {};
  return { matrix: { axes: Object.fromEntries(carried), ...(Array.isArray(include) ? { include } : {}), ...(Array.isArray(exclude) ? { exclude } : {}), ...parallel, ...ends } };
}

/** Machines of GitHub are named by what they are made of; only the system matters elsewhere. */
function labelsOf(given: Plain | undefined, lost: (what: string) => void): Record<string, unknown> {
  const labels = textsOf(isPlainMap(given) ? given["labels"] : given);
  const found = new Set<string>();
  for (const label of labels) {
    const system = /^(ubuntu|macos|windows)-/.exec(label)?.[1];
    if (label.includes("${{")) lost(`runs-on: ${label}`);
    else if (system === "macos" || system === "windows") found.add(system);
    else if (system === undefined && label !== "self-hosted") found.add(label.toLowerCase());
  }
  return found.size === 0 ? {} : { runs_on: [...found] };
}

interface Script {
  readonly text: string;
  /** Of the step, besides: artifacts, what is fetched, a shell. */
  readonly keys: Record<string, unknown>;
}

function scriptOf(job: Job, scope: Scope, env: Record<string, string>, carry: (text: CarriedText) => string, lost: (what: string) => void): Script {
  const artifacts: Record<string, unknown> = {};
  const fetched: string[] = [];
  const sections: string[] = [];
  const runs = { ...mapping(mapping(job.workflow["defaults"])["run"]), ...mapping(mapping(job.body["defaults"])["run"]) };
  for (const step of Array.isArray(job.body["steps"]) ? job.body["steps"] : []) {
    if (!isPlainMap(step)) continue;
    const uses = typeof step["uses"] === "string" ? step["uses"] : null;
    const given = mapping(step["with"]);
    if (uses !== null) {
      if (uses.startsWith("actions/upload-artifact@")) artifacts[artifactName(given)] = pathsOf(given["path"], lost);
      else if (uses.startsWith("actions/download-artifact@") && job.artifacts.has(String(given["name"] ?? "artifact"))) fetched.push(`${job.artifacts.get(String(given["name"] ?? "artifact")) ?? ""}.${artifactName(given)}`);
      // A server lays the pipeline's repository into the workspace by itself.
      else if (!uses.startsWith("actions/checkout@") || Object.keys(given).length > 0) lost(`uses: ${uses}${Object.keys(given).length === 0 ? "" : ` ${JSON.stringify(given)}`}`);
      continue;
    }
    if (typeof step["run"] === "string") sections.push(sectionOf(step, { ...runs, ...step }, scope, env, carry, lost));
  }
  const text = sections.length === 0 ? "true\n" : `${sections.join("\n\n")}\n`;
  return { text, keys: { ...(Object.keys(artifacts).length === 0 ? {} : { artifacts }), ...(fetched.length === 0 ? {} : { fetch: fetched }) } };
}

/** A step of the job as a piece of its script. One with a folder, variables or a condition of its own has them to itself. */
function sectionOf(step: PlainMap, { shell, "working-directory": folder }: PlainMap, scope: Scope, env: Record<string, string>, carry: (text: CarriedText) => string, lost: (what: string) => void): string {
  const title = typeof step["name"] === "string" ? step["name"] : typeof step["id"] === "string" ? step["id"] : null;
  const own = mapping(step["env"]);
  const named: Scope = { ...scope, env: new Set([...scope.env, ...Object.keys(own)]) };
  const script = asScript(String(step["run"]).trimEnd(), named);
  const variables = Object.entries(own).map(([key, value]) => [key, asTemplate(String(value), scope)] as const);
  const condition = step["if"] === undefined ? null : inCel(String(step["if"]), scope);
  const strange = typeof shell === "string" && !/^(bash|sh)\b/.test(shell) ? `shell: ${shell}` : step["if"] !== undefined && (condition?.sort !== "truth" || /["\\]/.test(condition.text)) ? `if: ${String(step["if"])}` : null;
  const heading = title === null ? "" : `# ${title.replace(/\$\{\{[\s\S]*?\}\}/g, "…").replaceAll("{{", "\\{{")}\n`;
  if (strange !== null) {
    lost(title === null ? strange : `${title}: ${strange}`);
    // It stays to be read, and does not run.
    return `${heading}${String(step["run"]).trimEnd().split("\n").map((line) => `# ${line}`).join("\n").replace(/\{\{/g, "\\{{")}`;
  }
  // A secret stands in `env` alone: the script reads the variable.
  for (const secret of script.secrets) if (!(secret in own)) env[secret] = `{{ secrets.${secret} }}`;
  // Variables of one step become those of the whole job, where no other means something else by the name.
  const prefix = variables.flatMap(([key, value]) => {
    const text = carry(value);
    if (!(key in env) || env[key] === text) env[key] = text;
    else return [`export ${key}="${text}"`];
    return [];
  });
  const body = carry(script);
  const inside = [...(typeof folder === "string" ? [`cd ${carry(asScript(folder, scope))}`] : []), ...prefix, body].join("\n");
  const alone = typeof folder === "string" || prefix.length > 0;
  const text = alone ? `(\n${inside}\n)` : inside;
  return heading + (condition === null ? text : `if [ "{{cel "${condition.text}"}}" = "true" ]; then\n${text}\nfi`);
}

function artifactName(given: PlainMap): string {
  return freeName(String(given["name"] ?? "artifact"), "_", []);
}

function pathsOf(given: Plain | undefined, lost: (what: string) => void): unknown {
  const paths = String(given ?? "").split("\n").map((one) => one.trim()).filter(Boolean);
  for (const path of paths) if (path.includes("${{")) lost(`path: ${path}`);
  const kept = paths.filter((path) => !path.includes("${{"));
  return kept.length === 1 ? kept[0] : kept;
}

function mapping(value: Plain | undefined): PlainMap {
  return isPlainMap(value) ? value : {};
}
