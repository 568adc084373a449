/** Copies the address, which holds all that is seen: selection, visit, attempt, moment, line of the log. */
import { Check, Link2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "../ui/Button";
import { say } from "../words/say";

const SAID_FOR_MS = 2500;

export function ShareLink() {
  const [copied, setCopied] = useState<"yes" | "no" | null>(null);
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    navigator.clipboard.writeText(location.href).then(
      () => setCopied("yes"),
      () => setCopied("no"),
    );
  };
  return (
    <>
      <Button onClick={copy} title={say("share.about")}>
        {copied === "yes" ? <Check aria-hidden size={14} /> : <Link2 aria-hidden size={14} />}
        {say(copied === "yes" ? "share.copied" : "share.title")}
      </Button>
      <span role="status" className={copied === "no" ? "text-small text-bad-ink" : "sr-only"}>{copied === null ? "" : say(copied === "yes" ? "share.copied" : "share.failed")}</span>
    </>
  );
}
