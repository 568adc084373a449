/** Who or what has started a run. A kind of trigger that we do not know is shown by its name. */
import type { RunView } from "../api/types";
import { say } from "../words/say";

const KNOWN = ["manual", "api", "draft", "webhook", "schedule", "pipeline", "parent"] as const;

export function triggerWords({ kind, actor }: RunView["trigger"]): string {
  const known = KNOWN.find((one) => one === kind);
  const word = known === undefined ? kind : say(`trigger.${known}`);
  return actor == null ? word : say("trigger.by", { trigger: word, actor });
}
