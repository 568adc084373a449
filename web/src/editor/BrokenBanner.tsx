/** Over the last good graph while the text does not parse: where and why. */
import { CircleAlert } from "lucide-react";
import { say } from "../words/say";

export function BrokenBanner({ line, message, onGo }: { line: number; message: string; onGo: () => void }) {
  return (
    <p role="alert" className="absolute inset-x-3 top-3 z-10 flex items-center gap-2 rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink shadow-raised">
      <CircleAlert aria-hidden size={15} className="shrink-0" />
      <span className="min-w-0 flex-1">
        <strong className="font-semibold">{say("editor.line", { line })}</strong> {message}. {say("editor.lastGood")}
      </span>
      <button type="button" className="rounded px-1 font-medium underline" onClick={onGo}>
        {say("editor.goToLine")}
      </button>
    </p>
  );
}
