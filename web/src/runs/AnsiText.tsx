/** A log line in its terminal's colours. Everything becomes text nodes: a log can say, not do. */
import Anser from "anser";
import { memo } from "react";

export const AnsiText = memo(function AnsiText({ text }: { text: string }) {
  // A carriage return starts the line anew, as progress bars do.
  const visible = text.slice(text.lastIndexOf("\r", text.length - 2) + 1).replace(/\r$/, "");
  if (!visible.includes("\u001b")) return <>{visible}</>;
  return Anser.ansiToJson(withoutOtherSequences(visible), { use_classes: true, remove_empty: true }).map((part, at) => (
    <span key={at} className={classesOf(part)}>
      {part.content}
    </span>
  ));
});

interface Part {
  readonly fg: string | null;
  readonly bg: string | null;
  readonly decorations: readonly string[];
}

const DECORATIONS: Readonly<Record<string, string>> = { bold: "font-bold", dim: "opacity-70", italic: "italic", underline: "underline", strikethrough: "line-through" };

function classesOf({ fg, bg, decorations }: Part): string {
  const colour = fg !== null && /^ansi-[a-z-]+$/.test(fg) ? `${fg}-fg` : "";
  return [colour, bg === null ? "" : "bg-hover", ...decorations.map((one) => DECORATIONS[one] ?? "")].join(" ").trim();
}

/** Cursor movement, titles and links of a terminal have no meaning in a page. */
function withoutOtherSequences(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "").replace(/\u001b\[[0-9;?]*[A-Zac-ln-z]/g, "");
}
