/** A moment, as distance from now, with the exact time on hover. */
import { agoWords } from "./time";
import { useNow } from "./useNow";

export function Ago({ at }: { at: string }) {
  const now = useNow(30_000);
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()} className="whitespace-nowrap">
      {agoWords(at, now)}
    </time>
  );
}
