/** The home page: every pipeline with its shape, its last runs, and Run. */
import { useQuery } from "@tanstack/react-query";
import { Workflow } from "lucide-react";
import { pipelinesQuery } from "../../api/queries";
import { CopyableCommand } from "../../ui/CopyableCommand";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { PageHead } from "../PageHead";
import { PipelineRow } from "../PipelineRow";

export function PipelinesPage() {
  const pipelines = useQuery(pipelinesQuery());
  const items = pipelines.data?.items ?? [];
  return (
    <div className="flex h-full flex-col">
      <PageHead title="Pipelines">{items.length > 0 && <span className="text-body text-faint tabular-nums">{items.length}</span>}</PageHead>
      <div className="min-h-0 flex-1 overflow-auto">
        {pipelines.isPending ? (
          <Skeleton />
        ) : pipelines.data === undefined ? (
          <FailedToLoad what="list of pipelines" error={pipelines.error} onRetry={() => void pipelines.refetch()} />
        ) : items.length === 0 ? (
          <NoPipelines />
        ) : (
          <>
            <div aria-hidden className="sticky top-0 z-10 hidden items-center gap-x-6 border-b border-line bg-sunken px-6 py-1.5 text-micro font-medium text-faint lg:flex">
              <span className="flex-1">Pipeline</span>
              <span className="w-56">Steps, as in the last run</span>
              <span className="w-52">Last run</span>
              <span className="w-[158px]">Last 20 runs</span>
              <span className="w-[68px]" />
            </div>
            <ul aria-label="Pipelines">
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

function NoPipelines() {
  return (
    <Notice icon={Workflow} title="No pipelines yet">
      <p>A pipeline is one YAML file. Put it into the folder that the server was started with:</p>
      <div className="mt-3 space-y-3">
        <CopyableCommand text={"loopline serve --pipelines ./pipelines"} />
        <p>or send it:</p>
        <CopyableCommand text={`curl -X PUT \\\n  ${window.location.origin}/api/v1/pipelines/default/hello \\\n  -H 'content-type: application/yaml' \\\n  --data-binary @hello.loopline.yaml`} />
      </div>
    </Notice>
  );
}
