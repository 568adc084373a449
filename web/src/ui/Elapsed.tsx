/** How long something took, or has been going on until now. */
import { durationWords, elapsedWords } from "./time";
import { useNow } from "./useNow";

export function Elapsed({ from, to }: { from: string; to: string | null }) {
  const now = useNow(to === null ? 1000 : null);
  const words = to === null ? elapsedWords(now - Date.parse(from)) : durationWords(Date.parse(to) - Date.parse(from));
  return <span className="tabular-nums">{words}</span>;
}
