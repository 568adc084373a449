/** What starts a workflow, and what it is given: `on` as triggers and inputs. */
import { isPlainMap, type Plain, type PlainMap } from "../plainValue";
import { outputName } from "./githubExpression";
import { type Notes, textsOf } from "./imported";

export interface InputOfWorkflow {
  readonly name: string;
  readonly schema: Record<string, unknown>;
}

const CALLS = new Set(["workflow_dispatch", "workflow_call", "repository_dispatch"]);

export function inputsOf(on: Plain | undefined, notes: Notes): Map<string, InputOfWorkflow> {
  const found = new Map<string, InputOfWorkflow>();
  // What starts by itself gives nothing; the workflow then sees something empty.
  const asked = Object.keys(isPlainMap(on) ? on : {}).every((event) => CALLS.has(event));
  for (const event of ["workflow_dispatch", "workflow_call"]) {
    const inputs = entries(entries(on)[event])["inputs"];
    for (const [id, given] of Object.entries(entries(inputs))) {
      const input = entries(given);
      const type = { boolean: "boolean", number: "number" }[String(input["type"])] ?? "string";
      if (input["type"] === "environment") notes.lost(`inputs.${id}`, "type: environment");
      found.set(id, {
        name: outputName(id),
        schema: {
          type,
          ...(Array.isArray(input["options"]) ? { enum: input["options"] } : {}),
          ...(input["default"] === undefined ? {} : { default: type === "string" ? String(input["default"]) : input["default"] }),
          // Who starts a workflow may leave them out unless it says otherwise.
          ...(input["default"] === undefined && (input["required"] !== true || !asked) ? { default: Array.isArray(input["options"]) ? input["options"][0] : { boolean: false, number: 0, string: "" }[type] } : {}),
          ...(typeof input["description"] === "string" ? { description: input["description"] } : {}),
        },
      });
    }
  }
  return found;
}

export function triggersOf(on: Plain | undefined, notes: Notes): Record<string, unknown> {
  const events: PlainMap = isPlainMap(on) ? on : Object.fromEntries(textsOf(on).map((event) => [event, null]));
  const webhook: Record<string, unknown>[] = [];
  let schedule: Record<string, unknown>[] = [];
  for (const [event, given] of Object.entries(events)) {
    if (event === "schedule" && Array.isArray(given)) schedule = given.flatMap((one) => (isPlainMap(one) && typeof one["cron"] === "string" ? [{ cron: one["cron"], timezone: "UTC" }] : []));
    else if (!CALLS.has(event)) webhook.push(webhookOf(event, entries(given), notes));
  }
  if (schedule.length + webhook.length === 0) return {};
  return { triggers: { ...(schedule.length === 0 ? {} : { schedule }), ...(webhook.length === 0 ? {} : { webhook }) } };
}

function webhookOf(event: string, given: PlainMap, notes: Notes): Record<string, unknown> {
  const patterns = (name: string, opposite: string) => [...textsOf(given[name]), ...(given[opposite] === undefined ? [] : ["**", ...textsOf(given[opposite]).map((one) => `!${one}`)])];
  const lists = { branches: patterns("branches", "branches-ignore"), tags: patterns("tags", "tags-ignore"), paths: textsOf(given["paths"]) };
  if (given["paths-ignore"] !== undefined) notes.lost(`on.${event}`, `paths-ignore: ${textsOf(given["paths-ignore"]).join(", ")}`);
  const types = textsOf(given["types"]);
  return {
    provider: "github",
    events: [event],
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(types.length === 0 ? {} : { if: `event.body.action in [${types.map((one) => JSON.stringify(one)).join(", ")}]` }),
  };
}

function entries(value: Plain | undefined): PlainMap {
  return isPlainMap(value) ? value : {};
}
