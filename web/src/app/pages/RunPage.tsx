/** `/runs/:id`: the run, live. The address holds the tab, the selected step, a pinned visit and a moment of the past. */
import { useQuery } from "@tanstack/react-query";
import * as Tabs from "@radix-ui/react-tabs";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Braces, ChartGantt, FileCode2, ListOrdered, type LucideIcon, PencilLine, Workflow } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../../api/problem";
import { eventsQuery, momentQuery } from "../../api/queries";
import type { GraphView, RunEvent, RunView } from "../../api/types";
import { ApprovalBar } from "../../runs/ApprovalBar";
import { ClosedNote } from "../../runs/ClosedNote";
import { EventList } from "../../runs/EventList";
import { MomentNote } from "../../runs/MomentNote";
import { PinnedNote } from "../../runs/PinnedNote";
import { RunHeader } from "../../runs/RunHeader";
import { RunInputsOutputs } from "../../runs/RunInputsOutputs";
import { type PinnedVisit, runOverlay, visitsOfRegions } from "../../ui/canvas/runOverlay";
import { stepsInside } from "../../api/stepsInside";
import { StaleNote } from "../../runs/StaleNote";
import { StepDock } from "../../runs/StepDock";
import { Timeline } from "../../runs/Timeline";
import { TimeTravel } from "../../runs/TimeTravel";
import { useLiveRun } from "../../runs/useLiveRun";
import { VisitComparison } from "../../runs/VisitComparison";
import { drawnSteps } from "../../ui/canvas/canvasModel";
import { PipelineCanvas } from "../../ui/canvas/PipelineCanvas";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { usePageCommands } from "../../ui/pageCommands";
import { ResizableDock } from "../../ui/ResizableDock";
import { Skeleton } from "../../ui/Skeleton";
import { appearanceOf } from "../../ui/statusAppearance";
import { TabTrigger } from "../../ui/TabTrigger";
import { useSettled } from "../../ui/useSettled";
import { YamlText } from "../../ui/YamlText";
import { usePageTitle } from "../PageHead";
import { RunDialog } from "../RunDialog";
import type { RunSearch, RunTab } from "../search";
import { say, type Words } from "../../words/say";

const route = getRouteApi("/runs/$id");
const NO_EVENTS: readonly RunEvent[] = [];
const RUN_TABS: readonly { readonly value: RunTab; readonly words: Words; readonly icon: LucideIcon }[] = [
  { value: "graph", words: "run.graph", icon: Workflow },
  { value: "timeline", words: "run.timeline", icon: ChartGantt },
  { value: "events", words: "run.events", icon: ListOrdered },
  { value: "io", words: "run.io", icon: Braces },
  { value: "yaml", words: "run.yaml", icon: FileCode2 },
];

export function RunPage() {
  const { id } = route.useParams();
  const { run, definition } = useLiveRun(id);
  usePageTitle(run.data === undefined ? say("what.run") : `${run.data.pipeline} #${run.data.number}`);
  if (run.data !== undefined && definition.data !== undefined) return <LoadedRun run={run.data} graph={definition.data.graph} yaml={definition.data.yaml} />;
  const failed = run.error !== null ? run : definition;
  if (failed.error !== null) return <FailedToLoad what={say("what.run")} error={failed.error} onRetry={() => void failed.refetch()} />;
  return <Skeleton rows={6} />;
}

function LoadedRun({ run: live, graph, yaml }: { run: RunView; graph: GraphView; yaml: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const goToPage = useNavigate();
  const change = useCallback((patch: { [Key in keyof RunSearch]?: RunSearch[Key] | undefined }) => void navigate({ search: (before) => withoutEmpty({ ...before, ...patch }), replace: true }), [navigate]);
  const select = useCallback((step: string | null) => change({ step: step ?? undefined, visit: undefined, attempt: undefined, line: undefined }), [change]);
  const pin = useCallback(
    (region: string, visit: number) => change({ pin: visit === (live.steps[region]?.visit ?? 1) ? undefined : `${region}:${visit}`, visit: undefined, attempt: undefined, line: undefined, against: undefined }),
    [change, live.steps],
  );

  // A moment of the past is what the server says it was; until it has said so, what was seen before stays.
  const at = search.at === undefined || search.at >= live.last_seq ? null : search.at;
  const moment = useQuery(momentQuery(live.id, useSettled(at, 60)));
  const run = at === null ? live : (moment.data ?? live);
  const goTo = useCallback((seq: number | null) => change({ at: seq ?? undefined }), [change]);

  const events = useQuery(eventsQuery(live.id, live.last_seq));
  const history = events.data?.events ?? NO_EVENTS;
  const until = useMemo(() => (at === null ? history : history.filter(({ seq }) => seq <= at)), [history, at]);
  const pinned = useMemo(() => pinnedVisit(search.pin), [search.pin]);
  const visits = useMemo(() => visitsOfRegions(graph, run, until), [graph, run, until]);
  const overlay = useMemo(() => runOverlay(graph, run, visits, pinned), [graph, run, visits, pinned]);
  useFailedStepSelection(live, search, select);

  const definition = drawnSteps(graph).find((step) => step.id === search.step);
  const step = definition === undefined ? undefined : run.steps[definition.id];
  const pinnedSteps = pinned === null ? undefined : visits.get(pinned.region)?.find((one) => one.visit === pinned.visit)?.steps;
  const shownVisit = step === undefined ? null : (search.visit ?? (pinnedSteps?.has(search.step ?? "") ? (pinnedSteps.get(search.step ?? "") ?? null) : step.visit));
  const approvals = [...stepsInside(run.steps)].flatMap(([id, waiting]) =>
    waiting.waiting_for?.kind === "approval" ? [{ id, visit: waiting.visit, wait: waiting.waiting_for }] : [],
  );
  const [closed, setClosed] = useState<string | null>(null);
  const [changing, setChanging] = useState(false);
  const tab: RunTab = search.tab ?? "graph";
  const past = at !== null || pinned !== null;
  usePageCommands(() => ({
    commands: [
      ...RUN_TABS.filter(({ value }) => value !== tab).map(({ value, words, icon }) => ({ id: `tab-${value}`, label: say(words), icon, perform: () => change({ tab: value === "graph" ? undefined : value }) })),
      { id: "edit", label: say("run.edit", { pipeline: live.pipeline }), icon: PencilLine, perform: () => void goToPage({ to: "/pipelines/$project/$name", params: { project: live.project, name: live.pipeline } }) },
    ],
    steps: drawnSteps(graph).map(({ id, kind, name, summary }) => ({ id, kind, about: [run.steps[id] === undefined ? "" : appearanceOf(run.steps[id].status).word, name ?? summary].filter(Boolean).join(" · "), perform: () => change({ tab: undefined, step: id, visit: undefined, attempt: undefined, line: undefined }) })),
  }));
  const eventList = (only?: string) => (
    <EventList
      run={run.id}
      recent={events.data?.events}
      error={events.error}
      {...(only === undefined ? {} : { only })}
      onSelect={(next) => change({ tab: undefined, step: next, visit: undefined })}
      onMoment={(seq) => change({ tab: undefined, at: seq === live.last_seq ? undefined : seq })}
      onRetry={() => void events.refetch()}
    />
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <RunHeader run={live} step={search.step ?? null} past={past} onChangedInputs={graph.inputs.length === 0 ? null : () => setChanging(true)} />
      <StaleNote />
      {changing && <RunDialog project={live.project} name={live.pipeline} graph={graph} initial={live.inputs} note={say("rerun.changed.note")} onClose={() => setChanging(false)} />}
      <Tabs.Root value={tab} onValueChange={(next) => change({ tab: next === "graph" ? undefined : (next as RunTab) })} className="flex min-h-0 flex-1 flex-col">
        <Tabs.List aria-label={say("run.views")} className="flex shrink-0 overflow-x-auto border-b border-line bg-surface px-2 sm:px-3">
          {RUN_TABS.map(({ value, words }) => (
            <TabTrigger key={value} value={value}>{say(words)}</TabTrigger>
          ))}
        </Tabs.List>
        {closed !== null && <ClosedNote message={closed} onClose={() => setClosed(null)} />}
        {at !== null && <MomentNote at={at} last={live.last_seq} onLive={() => goTo(null)} />}
        {moment.error !== null && <p role="alert" className="shrink-0 border-b border-line bg-bad-tint px-5 py-1.5 text-small text-bad-ink">{messageOf(moment.error)}</p>}
        {pinned !== null ? (
          <>
            <PinnedNote region={pinned.region} visit={pinned.visit} latest={run.steps[pinned.region]?.visit ?? 1} onFollow={() => change({ pin: undefined, visit: undefined, against: undefined })} />
            {tab === "graph" && <VisitComparison run={run} region={pinned.region} visits={visits.get(pinned.region) ?? []} pinned={pinned.visit} against={search.against ?? null} onAgainst={(against) => change({ against })} />}
          </>
        ) : (
          at === null && (
            <div className="max-h-[60dvh] shrink-0 overflow-auto">
              {approvals.map(({ id, visit, wait }) => (
                <ApprovalBar key={`${id} ${visit}`} run={run} graph={graph} step={id} visit={visit} wait={wait} onClosed={setClosed} />
              ))}
            </div>
          )
        )}
        <Tabs.Content value="graph" className="flex min-h-0 flex-1 flex-col outline-offset-[-2px]">
          <div className="flex min-h-0 flex-1 flex-col">
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
                    onVisit={(visit) => change({ visit: visit === step.visit && pinned === null ? undefined : visit, attempt: undefined, line: undefined })}
                    place={{ attempt: search.attempt, line: search.line }}
                    onPlace={(place) => change(place)}
                    at={at ?? live.last_seq}
                    events={eventList(definition.id)}
                    onClose={() => select(null)}
                  />
                )
              }
            >
              <PipelineCanvas graph={graph} overlay={overlay} label={say("run.graphLabel")} selected={search.step ?? null} onSelect={select} onPin={pin} />
            </ResizableDock>
          </div>
          <TimeTravel last={live.last_seq} at={at} events={history} onGo={goTo} />
        </Tabs.Content>
        <Tabs.Content value="timeline" className="min-h-0 flex-1 outline-offset-[-2px]">
          <Timeline graph={graph} run={run} events={until} onSelect={(next, visit) => change({ tab: undefined, step: next, visit: visit === run.steps[next]?.visit ? undefined : visit })} />
        </Tabs.Content>
        <Tabs.Content value="events" className="min-h-0 flex-1 outline-offset-[-2px]">
          {eventList()}
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
