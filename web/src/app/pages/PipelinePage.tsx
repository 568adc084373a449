/** `/pipelines/:project/:name`: loads the pipeline, then the editor. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ChevronRight, History, Play } from "lucide-react";
import { useCallback, useState } from "react";
import { pipelineQuery } from "../../api/queries";
import { PipelineEditor } from "../../editor/PipelineEditor";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { usePageCommands } from "../../ui/pageCommands";
import { Skeleton } from "../../ui/Skeleton";
import { say } from "../../words/say";
import { usePageTitle } from "../PageHead";
import { RunActions } from "../RunActions";

const route = getRouteApi("/pipelines/$project/$name");

export function PipelinePage() {
  const { project, name } = route.useParams();
  const { step } = route.useSearch();
  const navigate = route.useNavigate();
  const goToPage = useNavigate();
  const queries = useQueryClient();
  // A refetch while someone edits must not change the ground under them: conflicts show on save.
  const pipeline = useQuery({ ...pipelineQuery(project, name), refetchOnWindowFocus: false, refetchOnReconnect: false, staleTime: 0 });
  const [starting, setStarting] = useState(false);
  usePageTitle(name);
  usePageCommands(() => ({
    commands: [
      ...(pipeline.data?.graph == null ? [] : [{ id: "run", label: say("start.title", { name }), icon: Play, perform: () => setStarting(true) }]),
      { id: "runs", label: `${say("editor.runs")}: ${name}`, icon: History, perform: () => void goToPage({ to: "/runs", search: { pipeline: `${project}/${name}` } }) },
    ],
  }));
  const onSelect = useCallback((next: string | null) => void navigate({ search: next === null ? {} : { step: next }, replace: true }), [navigate]);

  if (pipeline.isPending) return <Skeleton rows={6} />;
  if (pipeline.data === undefined) return <FailedToLoad what={say("what.pipeline")} error={pipeline.error} onRetry={() => void pipeline.refetch()} />;
  const { data } = pipeline;
  return (
    <PipelineEditor
      key={`${project}/${name}`}
      pipeline={data}
      selected={step ?? null}
      onSelect={onSelect}
      onSaved={(saved) => {
        queries.setQueryData(pipelineQuery(project, name).queryKey, saved);
        void queries.invalidateQueries({ queryKey: ["pipelines"] });
      }}
      title={
        <h1 className="flex min-w-0 items-center gap-1.5 text-title font-semibold">
          <Link to="/" className="rounded text-muted hover:text-ink">{say("frame.pipelines")}</Link>
          <ChevronRight aria-hidden size={14} className="text-faint" />
          <span className="truncate">{name}</span>
        </h1>
      }
      renderActions={(draft) => <RunActions pipeline={data} draft={draft} starting={starting} onStarting={setStarting} />}
    />
  );
}
