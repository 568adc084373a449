/** The last runs as bars: height is duration, colour is result, a click opens the run. */
import { Link } from "@tanstack/react-router";
import type { LatestRun } from "../api/types";
import { Hint } from "./Hint";
import { appearanceOf, TONE_SOLID } from "./statusAppearance";
import { durationWords } from "./time";
import { say } from "../words/say";

const PLACES = 20;

export function RunBars({ runs }: { runs: readonly LatestRun[] }) {
  const shown = runs.slice(0, PLACES).toReversed();
  const longest = Math.max(1, ...shown.map((run) => run.duration_ms ?? 0));
  return (
    <div className="flex h-8 items-end gap-[2px]">
      {Array.from({ length: PLACES - shown.length }, (_, place) => (
        <span key={place} aria-hidden className="h-1 w-[6px] rounded-[2px] bg-idle-tint" />
      ))}
      {shown.map((run) => {
        const { word, tone, spins } = appearanceOf(run.status);
        // A square root keeps a quick run visible beside a slow one.
        const height = run.duration_ms === null ? 1 : Math.sqrt(run.duration_ms / longest);
        const label = say(run.duration_ms === null ? "bars.run" : "bars.runTook", { number: run.number, status: word, time: durationWords(run.duration_ms ?? 0) });
        return (
          <Hint key={run.id} text={label}>
            <Link to="/runs/$id" params={{ id: run.id }} aria-label={label} className="group flex h-full w-[6px] items-end">
              <span className={`block w-full rounded-[2px] transition-[filter] group-hover:brightness-75 ${TONE_SOLID[tone]} ${spins ? "animate-breathe" : ""}`} style={{ height: `${Math.max(18, height * 100)}%` }} />
            </Link>
          </Hint>
        );
      })}
    </div>
  );
}
