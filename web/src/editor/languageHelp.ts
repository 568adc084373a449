/**
 * Completion and hover, asked of the server, which knows the language and the
 * graph. A server that does not offer them is asked once and then left alone.
 */
import type { CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import { client } from "../api/client";
import { type LineSeparator, toTextOffset, toViewOffset } from "../document/lineEndings";

type TextOf = () => string;

/** Whether the server has the routes; until it has said no, it is asked. */
const offered = { completion: true, hover: true };

export function completionsAt(project: string, textOf: TextOf, separator: LineSeparator): CompletionSource {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    // While a word is typed, or where someone asks; not behind every line break.
    if (!offered.completion || (!context.explicit && context.matchBefore(/[\w.-]+/) === null)) return null;
    const text = textOf();
    const abort = new AbortController();
    context.addEventListener("abort", () => abort.abort());
    const answer = await client.complete(project, text, toTextOffset(text, context.pos, separator), abort.signal).catch(() => undefined);
    if (answer === null) offered.completion = false;
    const found = answer?.completions ?? [];
    const [first] = found;
    if (first === undefined) return null;
    const from = toViewOffset(text, first.from, separator);
    return {
      from,
      to: toViewOffset(text, first.to, separator),
      options: found.map(({ label, kind, detail, documentation, insert }) => ({
        label,
        type: kind,
        ...(detail == null ? {} : { detail }),
        ...(documentation == null ? {} : { info: () => plainText(documentation) }),
        apply: insert.replaceAll("\r\n", "\n"),
      })),
      validFor: /^[\w.-]*$/,
    };
  };
}

export function hoverAt(project: string, textOf: TextOf, separator: LineSeparator): Extension {
  return hoverTooltip(async (_, position) => {
    if (!offered.hover) return null;
    const text = textOf();
    const answer = await client.hover(project, text, toTextOffset(text, position, separator)).then(
      (hover) => ({ hover }),
      () => ({ hover: null }),
    );
    if (answer.hover === null) return null;
    const { from, to, markdown } = answer.hover;
    return { pos: toViewOffset(text, from, separator), end: toViewOffset(text, to, separator), above: true, create: () => ({ dom: plainText(markdown) }) };
  });
}

/** Markdown as text: marks that only format are left out, nothing of it becomes HTML. */
function plainText(markdown: string): HTMLElement {
  const dom = document.createElement("div");
  dom.className = "max-w-md whitespace-pre-wrap px-2.5 py-1.5 text-small";
  dom.textContent = markdown.replace(/```\w*\n?/g, "").replace(/\*\*|`/g, "").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").trim();
  return dom;
}
