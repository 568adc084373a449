/** The home page: every pipeline with its shape, its last runs, and Run. */
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { pipelinesQuery } from "../../api/queries";
import { Button } from "../../ui/Button";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { usePageCommands } from "../../ui/pageCommands";
import { Skeleton } from "../../ui/Skeleton";
import { NewPipelineDialog } from "../NewPipelineDialog";
import { NoPipelines } from "../NoPipelines";
import { say } from "../../words/say";
import { PageHead } from "../PageHead";
import { PipelineRow } from "../PipelineRow";

export function PipelinesPage() {
  const pipelines = useQuery(pipelinesQuery());
  const [adding, setAdding] = useState(false);
  usePageCommands(() => ({ commands: [{ id: "new", label: say("home.new"), icon: Plus, perform: () => setAdding(true) }] }));
  const items = pipelines.data?.items ?? [];
  return (
    <div className="flex h-full flex-col">
      <PageHead title={say("home.title")}>
        {items.length > 0 && (
          <>
            <span className="text-body text-faint tabular-nums">{items.length}</span>
            <Button className="ml-auto" onClick={() => setAdding(true)}>
              <Plus aria-hidden size={14} />
              {say("home.new")}
            </Button>
          </>
        )}
      </PageHead>
      {adding && <NewPipelineDialog onClose={() => setAdding(false)} />}
      <div className="min-h-0 flex-1 overflow-auto">
        {pipelines.isPending ? (
          <Skeleton />
        ) : pipelines.data === undefined ? (
          <FailedToLoad what={say("home.loading")} error={pipelines.error} onRetry={() => void pipelines.refetch()} />
        ) : items.length === 0 ? (
          <NoPipelines />
        ) : (
          <>
            <div aria-hidden className="sticky top-0 z-10 hidden items-center gap-x-6 border-b border-line bg-sunken px-6 py-1.5 text-micro font-medium text-faint lg:flex">
              <span className="flex-1">{say("home.column.pipeline")}</span>
              <span className="w-56">{say("home.column.steps")}</span>
              <span className="w-52">{say("home.column.last")}</span>
              <span className="w-[158px]">{say("home.column.runs")}</span>
              <span className="w-[68px]" />
            </div>
            <ul aria-label={say("home.title")}>
              {items.map((pipeline) => (
                <PipelineRow key={`${pipeline.project}/${pipeline.name}`} pipeline={pipeline} />
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  );
}
