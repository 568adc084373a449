/** Splices within braces and brackets, where commas part the items and comments may stand between. */
import type { YAMLMap, YAMLSeq } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";
import type { Splice } from "./splice";
import type { WrittenPair, WrittenYaml } from "./writtenYaml";

type Flow = YAMLMap.Parsed | YAMLSeq.Parsed;

export function insertIntoFlow(yaml: WrittenYaml, flow: Flow, inline: string, at: number): Splice[] {
  const count = flow.items.length;
  const open = flow.range[0] + 1;
  if (count === 0) {
    if (yaml.text.slice(open, flow.range[1] - 1).includes("#")) throw new CannotSplice(say("edit.unsafe"));
    return [{ from: open, to: open, insert: inline }];
  }
  if (at === 0) {
    const start = startOf(yaml, flow, 0);
    const parts = yaml.beginsLine(start) ? `,${yaml.eol}${marginAt(yaml, start)}` : ", ";
    return [{ from: start, to: start, insert: inline + parts }];
  }
  const end = endOf(yaml, flow, at - 1);
  const start = startOf(yaml, flow, at - 1);
  const ownLine = yaml.beginsLine(start);
  const comma = commaBehind(yaml, flow, end, at);
  if (!ownLine) return [{ from: end, to: end, insert: `, ${inline}` }];
  // Items on lines of their own: the new one gets a line too, below the comment of the one before.
  const lineEnd = yaml.lineEnd(end);
  const margin = yaml.eol + marginAt(yaml, start);
  const rest = yaml.text.slice(comma ?? end, lineEnd);
  if (!/^,?[ \t]*(#.*)?$/.test(rest)) return [{ from: end, to: end, insert: `, ${inline}` }];
  if (comma !== null) return [{ from: lineEnd, to: lineEnd, insert: `${margin}${inline},` }];
  return end === lineEnd
    ? [{ from: end, to: end, insert: `,${margin}${inline}` }]
    : [
        { from: end, to: end, insert: "," },
        { from: lineEnd, to: lineEnd, insert: margin + inline },
      ];
}

export function removeFromFlow(yaml: WrittenYaml, flow: Flow, at: number): Splice[] {
  const [start, end] = [startOf(yaml, flow, at), endOf(yaml, flow, at)];
  const last = at === flow.items.length - 1;
  const comma = commaBehind(yaml, flow, end, at + 1);
  if (flow.items.length === 1) return [{ from: start, to: comma === null ? end : comma + 1, insert: "" }];
  const behind = comma === null ? end : comma + 1;
  // On lines of its own, it takes its comment with it.
  const alone = yaml.beginsLine(start) && /^[ \t]*(#.*)?$/.test(yaml.text.slice(behind, yaml.lineEnd(behind)));
  if (alone && (comma !== null || last)) return [{ from: yaml.lineStart(start), to: yaml.nextLine(behind), insert: "" }];
  const [from, to] = last ? [endOf(yaml, flow, at - 1), end] : [start, startOf(yaml, flow, at + 1)];
  if (yaml.text.slice(from, start).includes("#") || yaml.text.slice(end, to).includes("#")) throw new CannotSplice(say("edit.unsafe"));
  return [{ from, to, insert: "" }];
}

function startOf(yaml: WrittenYaml, flow: Flow, at: number): number {
  return isMapping(flow) ? yaml.startOfPair(flow.items[at] as WrittenPair) : yaml.startOfItem(flow, at);
}

function endOf(yaml: WrittenYaml, flow: Flow, at: number): number {
  return isMapping(flow) ? yaml.endOfPair(flow.items[at] as WrittenPair) : yaml.endOfItem(flow, at);
}

function isMapping(flow: Flow): flow is YAMLMap.Parsed {
  return (flow.srcToken as { start?: { source?: string } } | undefined)?.start?.source === "{";
}

/** The comma between this item and the next, or the one before the closing bracket; comments may stand before it. */
function commaBehind(yaml: WrittenYaml, flow: Flow, end: number, next: number): number | null {
  const limit = next < flow.items.length ? startOf(yaml, flow, next) : flow.range[1] - 1;
  const between = yaml.text.slice(end, limit).replace(/#[^\n]*/g, (comment) => " ".repeat(comment.length));
  const comma = between.indexOf(",");
  return comma === -1 ? null : end + comma;
}

function marginAt(yaml: WrittenYaml, start: number): string {
  return yaml.text.slice(yaml.lineStart(start), start).replace("\uFEFF", "");
}
