/** Why a step stands where it does, in the server's own words: the reason first, then each edge and each visit before. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { CircleHelp } from "lucide-react";
import type { ReactNode } from "react";
import { client } from "../api/client";
import { FailedToLoad } from "../ui/FailedToLoad";
import { Skeleton } from "../ui/Skeleton";
import { StatusIcon } from "../ui/StatusIcon";
import { say } from "../words/say";

export function StepWhy({ run, step, at }: { run: string; step: string; at: number }) {
  const why = useQuery({ queryKey: ["run", run, "why", step, at], queryFn: ({ signal }) => client.why(run, step, at, signal), placeholderData: keepPreviousData });
  if (why.data === undefined) return why.error === null ? <Skeleton rows={4} className="h-6" /> : <FailedToLoad what={say("what.why")} error={why.error} onRetry={() => void why.refetch()} />;
  const { said, needs, goto, past } = why.data;
  return (
    <div role="region" aria-label={say("why.label", { step })} tabIndex={0} className="h-full space-y-4 overflow-auto p-4 focus-visible:outline-offset-[-2px]">
      <div className="flex gap-2.5">
        <CircleHelp aria-hidden size={16} className="mt-0.5 shrink-0 text-faint" />
        <div className="max-w-[80ch] space-y-1 text-body">
          {said.map((sentence, index) => (
            <p key={sentence} className={`[overflow-wrap:anywhere] ${index === 0 ? "font-medium" : "text-muted"}`}><Said text={sentence} /></p>
          ))}
        </div>
      </div>
      <Part title={say("why.needs")}>
        {needs.map((need) => (
          <li key={`${need.step} ${need.on}`} className="flex gap-2">
            <StatusIcon status={need.status} size={14} />
            <span><Said text={need.said} /></span>
          </li>
        ))}
      </Part>
      <Part title={say("why.goto")}>
        {goto.map((loop) => (
          <li key={loop.index}><Said text={loop.said} /></li>
        ))}
      </Part>
      <Part title={say("why.past")}>
        {past.toReversed().map((one) => (
          <li key={one.visit} className="flex gap-2">
            <StatusIcon status={one.status} size={14} />
            <span><Said text={one.said} /></span>
          </li>
        ))}
      </Part>
    </div>
  );
}

/** The server names steps and values between backticks. */
function Said({ text }: { text: string }) {
  return text.split("`").map((part, at) => (at % 2 === 0 ? part : <code key={`${at} ${part}`}>{part}</code>));
}

function Part({ title, children }: { title: string; children: readonly ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <section>
      <h3 className="mb-1 text-small font-medium text-faint">{title}</h3>
      <ul className="max-w-[80ch] space-y-1 text-body [&_svg]:mt-0.5 [&_svg]:shrink-0">{children}</ul>
    </section>
  );
}
