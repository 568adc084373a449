/** A command line, or a token, to copy. */
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { say } from "../words/say";

export function CopyableCommand({ text, wrap = false }: { text: string; wrap?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <div className="flex items-start gap-2 rounded-control border border-line bg-sunken py-2 pr-2 pl-3 text-left">
      <pre className={`min-w-0 flex-1 text-small leading-5 ${wrap ? "break-all whitespace-pre-wrap" : "overflow-x-auto"}`}>{text}</pre>
      <button type="button" onClick={copy} aria-label={say(copied ? "common.copied" : "common.copy")} className="rounded-control p-1 text-faint hover:bg-hover hover:text-ink">
        {copied ? <Check aria-hidden size={14} /> : <Copy aria-hidden size={14} />}
      </button>
    </div>
  );
}
