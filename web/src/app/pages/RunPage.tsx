/** `/runs/:id`: the run, live. The address holds the tab, the selected step and a pinned visit. */
import { useQuery } from "@tanstack/react-query";
import * as Tabs from "@radix-ui/react-tabs";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { eventsQuery } from "../../api/queries";
import type { GraphView, RunEvent, RunView } from "../../api/types";
import { ApprovalBar } from "../../runs/ApprovalBar";
import { ClosedNote } from "../../runs/ClosedNote";
import { EventList } from "../../runs/EventList";
import { PinnedNote } from "../../runs/PinnedNote";
import { RunHeader } from "../../runs/RunHeader";
import { RunInputsOutputs } from "../../runs/RunInputsOutputs";
import { type PinnedVisit, runOverlay, visitsOfRegions } from "../../ui/canvas/runOverlay";
import { stepsInside } from "../../api/stepsInside";
import { StepDock } from "../../runs/StepDock";
import { useLiveRun } from "../../runs/useLiveRun";
import { drawnSteps } from "../../ui/canvas/canvasModel";
import { PipelineCanvas } from "../../ui/canvas/PipelineCanvas";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { ResizableDock } from "../../ui/ResizableDock";
import { Skeleton } from "../../ui/Skeleton";
import { TabTrigger } from "../../ui/TabTrigger";
import { YamlText } from "../../ui/YamlText";
import { usePageTitle } from "../PageHead";
import type { RunSearch, RunTab } from "../search";
import { say } from "../../words/say";

const route = getRouteApi("/runs/$id");
const NO_EVENTS: readonly RunEvent[] = [];

export function RunPage() {
  const { id } = route.useParams();
  const { run, definition } = useLiveRun(id);
  usePageTitle(run.data === undefined ? say("what.run") : `${run.data.pipeline} #${run.data.number}`);
  if (run.data !== undefined && definition.data !== undefined) return <LoadedRun run={run.data} graph={definition.data.graph} yaml={definition.data.yaml} />;
  const failed = run.error !== null ? run : definition;
  if (failed.error !== null) return <FailedToLoad what={say("what.run")} error={failed.error} onRetry={() => void failed.refetch()} />;
  return <Skeleton rows={6} />;
}

function LoadedRun({ run, graph, yaml }: { run: RunView; graph: GraphView; yaml: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback((patch: { [Key in keyof RunSearch]?: RunSearch[Key] | undefined }) => void navigate({ search: (before) => withoutEmpty({ ...before, ...patch }), replace: true }), [navigate]);
  const select = useCallback((step: string | null) => change({ step: step ?? undefined, visit: undefined }), [change]);
  const pin = useCallback((region: string, visit: number) => change({ pin: visit === (run.steps[region]?.visit ?? 1) ? undefined : `${region}:${visit}`, visit: undefined }), [change, run.steps]);

  const revisited = Object.values(run.steps).some((step) => step.visit > 1);
  const events = useQuery({ ...eventsQuery(run.id), enabled: revisited || search.tab === "events" });
  const history = events.data?.events ?? NO_EVENTS;
  const pinned = useMemo(() => pinnedVisit(search.pin), [search.pin]);
  const visits = useMemo(() => visitsOfRegions(graph, run, history), [graph, run, history]);
  const overlay = useMemo(() => runOverlay(graph, run, visits, pinned), [graph, run, visits, pinned]);
  useFailedStepSelection(run, search, select);

  const definition = drawnSteps(graph).find((step) => step.id === search.step);
  const step = definition === undefined ? undefined : run.steps[definition.id];
  const pinnedSteps = pinned === null ? undefined : visits.get(pinned.region)?.find((one) => one.visit === pinned.visit)?.steps;
  const shownVisit = step === undefined ? null : (search.visit ?? (pinnedSteps?.has(search.step ?? "") ? (pinnedSteps.get(search.step ?? "") ?? null) : step.visit));
  const approvals = [...stepsInside(run.steps)].flatMap(([id, waiting]) =>
    waiting.waiting_for?.kind === "approval" ? [{ id, visit: waiting.visit, wait: waiting.waiting_for }] : [],
  );
  const [closed, setClosed] = useState<string | null>(null);
  const tab: RunTab = search.tab ?? "graph";
  return (
    <div className="flex h-full min-h-0 flex-col">
      <RunHeader run={run} />
      <Tabs.Root value={tab} onValueChange={(next) => change({ tab: next === "graph" ? undefined : (next as RunTab) })} className="flex min-h-0 flex-1 flex-col">
        <Tabs.List aria-label={say("run.views")} className="flex shrink-0 overflow-x-auto border-b border-line bg-surface px-2 sm:px-3">
          <TabTrigger value="graph">{say("run.graph")}</TabTrigger>
          <TabTrigger value="events">{say("run.events")}</TabTrigger>
          <TabTrigger value="io">{say("run.io")}</TabTrigger>
          <TabTrigger value="yaml">{say("run.yaml")}</TabTrigger>
        </Tabs.List>
        {closed !== null && <ClosedNote message={closed} onClose={() => setClosed(null)} />}
        {pinned !== null ? (
          <PinnedNote region={pinned.region} visit={pinned.visit} latest={run.steps[pinned.region]?.visit ?? 1} onFollow={() => change({ pin: undefined, visit: undefined })} />
        ) : (
          <div className="max-h-[60dvh] shrink-0 overflow-auto">
            {approvals.map(({ id, visit, wait }) => (
              <ApprovalBar key={`${id} ${visit}`} run={run} graph={graph} step={id} visit={visit} wait={wait} onClosed={setClosed} />
            ))}
          </div>
        )}
        <Tabs.Content value="graph" className="flex min-h-0 flex-1 flex-col outline-offset-[-2px]">
          <ResizableDock
            dock={
              definition === undefined || step === undefined ? null : (
                <StepDock
                  run={run.id}
                  definition={definition}
                  step={step}
                  visit={shownVisit}
                  tab={search.dock ?? (step.error != null && definition.kind !== "run" && definition.kind !== "container" ? "outputs" : "logs")}
                  onTab={(dock) => change({ dock })}
                  onVisit={(visit) => change({ visit: visit === step.visit && pinned === null ? undefined : visit })}
                  onClose={() => select(null)}
                />
              )
            }
          >
            <PipelineCanvas graph={graph} overlay={overlay} label={say("run.graphLabel")} selected={search.step ?? null} onSelect={select} onPin={pin} />
          </ResizableDock>
        </Tabs.Content>
        <Tabs.Content value="events" className="min-h-0 flex-1 outline-offset-[-2px]">
          <EventList run={run.id} onSelect={(next) => change({ tab: undefined, step: next, visit: undefined })} />
        </Tabs.Content>
        <Tabs.Content value="io" className="min-h-0 flex-1 outline-offset-[-2px]">
          <RunInputsOutputs run={run} />
        </Tabs.Content>
        <Tabs.Content value="yaml" className="min-h-0 flex-1 outline-offset-[-2px]">
          <YamlText text={yaml} label={say("run.yamlLabel")} />
        </Tabs.Content>
      </Tabs.Root>
    </div>
  );
}

/** A run that failed before the page was opened opens at the step that failed. */
function useFailedStepSelection(run: RunView, search: RunSearch, select: (step: string) => void): void {
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    const failed = run.status === "failed" ? run.error?.step : null;
    if (failed != null && search.step === undefined && search.tab === undefined) select(failed);
  }, [run, search, select]);
}

function pinnedVisit(pin: string | undefined): PinnedVisit | null {
  const match = /^([a-z][a-z0-9_]*):(\d+)$/.exec(pin ?? "");
  return match === null ? null : { region: match[1] ?? "", visit: Number(match[2]) };
}

function withoutEmpty(search: { [Key in keyof RunSearch]?: RunSearch[Key] | undefined }): RunSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as RunSearch;
}
