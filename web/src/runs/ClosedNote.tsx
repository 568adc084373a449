/** Says that a decision came too late. It stays when the page then shows the newer state. */
import { LockKeyhole, X } from "lucide-react";
import { say } from "../words/say";

export function ClosedNote({ message, onClose }: { message: string; onClose: () => void }) {
  return (
    <div role="alert" className="flex shrink-0 items-center gap-2 border-b border-line bg-bad-tint px-4 py-2 text-body text-bad-ink sm:px-5">
      <LockKeyhole aria-hidden size={15} className="shrink-0" />
      <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        <strong className="font-semibold">{say("closed.title")}</strong> {message} {say("closed.about")}
      </span>
      <button type="button" aria-label={say("common.dismiss")} onClick={onClose} className="rounded-control p-1 hover:bg-hover">
        <X aria-hidden size={15} />
      </button>
    </div>
  );
}
