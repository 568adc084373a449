/** One pipeline in the list. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleX, Play } from "lucide-react";
import { useState } from "react";
import { client } from "../api/client";
import type { PipelineSummary } from "../api/types";
import { Ago } from "../ui/Ago";
import { Button } from "../ui/Button";
import { MiniGraph } from "../ui/MiniGraph";
import { RunBars } from "../ui/RunBars";
import { StatusBadge } from "../ui/StatusBadge";
import { appearanceOf, TONE_STROKE } from "../ui/statusAppearance";
import { RunDialog } from "./RunDialog";
import { say } from "../words/say";

export function PipelineRow({ pipeline }: { pipeline: PipelineSummary }) {
  const [starting, setStarting] = useState(false);
  const latest = pipeline.latest_runs[0];
  const going = latest !== undefined && latest.finished_at == null;
  const run = useQuery({
    queryKey: ["latest-run", latest?.id, latest?.status],
    queryFn: () => client.run(latest?.id ?? ""),
    enabled: latest !== undefined,
    staleTime: going ? 0 : Number.POSITIVE_INFINITY,
    refetchInterval: going ? 3000 : false,
  });
  const colourOf = (step: string) => {
    const status = run.data?.steps[step]?.status;
    return status === undefined || status === "pending" ? "light-dark(#c4c6d0, #454a56)" : TONE_STROKE[appearanceOf(status).tone];
  };
  return (
    <li className="relative flex flex-wrap items-center gap-x-6 gap-y-2 border-b border-line bg-surface px-4 py-3 hover:bg-hover sm:px-6 lg:flex-nowrap">
      <div className="min-w-0 flex-1 basis-60">
        <h2 className="flex items-center gap-2 text-body font-semibold">
          <Link to="/pipelines/$project/$name" params={{ project: pipeline.project, name: pipeline.name }} className="truncate rounded after:absolute after:inset-0">
            {pipeline.project === "default" ? pipeline.name : `${pipeline.project}/${pipeline.name}`}
          </Link>
          {pipeline.errors > 0 && (
            <span className="flex items-center gap-1 text-small font-medium text-bad-ink">
              <CircleX aria-hidden size={13} />
              {say("home.errors", { count: pipeline.errors })}
            </span>
          )}
        </h2>
        <p className="truncate text-body text-muted">{pipeline.description ?? say("home.noDescription")}</p>
      </div>
      <div className="hidden w-56 justify-start md:flex">{pipeline.graph != null && <MiniGraph graph={pipeline.graph} colourOf={colourOf} />}</div>
      <div className="w-52 text-small text-muted">
        {latest === undefined ? (
          say("home.never")
        ) : (
          <Link to="/runs/$id" params={{ id: latest.id }} className="relative inline-flex flex-wrap items-center gap-x-2 rounded">
            <StatusBadge status={latest.status} />
            <span>
              #{latest.number} · <Ago at={latest.created_at} />
            </span>
          </Link>
        )}
      </div>
      <div className="relative hidden lg:block"><RunBars runs={pipeline.latest_runs} /></div>
      <Button className="relative ml-auto lg:ml-0" onClick={() => setStarting(true)} disabled={pipeline.graph == null} aria-label={say("home.runOf", { name: pipeline.name })}>
        <Play aria-hidden size={12} fill="currentColor" />
        {say("home.run")}
      </Button>
      {starting && pipeline.graph != null && <RunDialog project={pipeline.project} name={pipeline.name} graph={pipeline.graph} onClose={() => setStarting(false)} />}
    </li>
  );
}
