/** What of a run is done again: a new epoch of the same run, so earlier visits stay and nothing is asked. Changed inputs make another run. */
import * as Menu from "@radix-ui/react-dropdown-menu";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, ListRestart, type LucideIcon, PencilLine, RotateCcw, StepForward, Repeat1 } from "lucide-react";
import { client, type Rerun } from "../api/client";
import { messageOf } from "../api/problem";
import { eventsQuery, runQuery } from "../api/queries";
import type { ItemView, RunView } from "../api/types";
import { Button } from "../ui/Button";
import { usePageCommands } from "../ui/pageCommands";
import { StatusIcon } from "../ui/StatusIcon";
import { say } from "../words/say";

export interface RerunMenuProps {
  readonly run: RunView;
  /** The selected step. */
  readonly step: string | null;
  /** Null where the pipeline asks for nothing. */
  readonly onChangedInputs: (() => void) | null;
}

const MOST_ITEMS = 30;
const ITEM = "flex cursor-default items-center gap-2.5 rounded-control px-2.5 py-1.5 text-body outline-none data-[disabled]:opacity-50 data-[highlighted]:bg-hover";
const PANEL = "z-50 max-h-[min(32rem,var(--radix-dropdown-menu-content-available-height))] min-w-64 animate-appear overflow-auto rounded-card border border-line bg-raised p-1 shadow-floating";

export function RerunMenu({ run, step, onChangedInputs }: RerunMenuProps) {
  const queries = useQueryClient();
  const rerun = useMutation({
    mutationFn: (what: Rerun) => client.rerun(run.id, what),
    onSuccess: (again) => {
      queries.setQueryData(runQuery(run.id).queryKey, again);
      void queries.invalidateQueries({ queryKey: eventsQuery(run.id, again.last_seq).queryKey });
      void queries.invalidateQueries({ queryKey: ["runs"] });
    },
  });
  usePageCommands(() => ({
    commands: [
      ...(run.status === "succeeded" ? [] : [{ id: "rerun-failed", label: say("run.rerunFailed"), icon: ListRestart, perform: () => rerun.mutate("failed") }]),
      ...(step === null ? [] : [{ id: "rerun-from", label: `${say("rerun.title")}: ${say("rerun.fromStep", { step })}`, icon: StepForward, perform: () => rerun.mutate([step]) }]),
      { id: "rerun-all", label: say("run.rerunAll"), icon: RotateCcw, perform: () => rerun.mutate("everything") },
    ],
  }));
  const items = step === null ? [] : (run.steps[step]?.items ?? []);
  return (
    <>
      {rerun.error !== null && <p role="alert" className="text-small text-bad-ink">{messageOf(rerun.error)}</p>}
      <Menu.Root>
        <Menu.Trigger asChild>
          <Button disabled={rerun.isPending}>
            <RotateCcw aria-hidden size={14} />
            {say("rerun.title")}
            <ChevronDown aria-hidden size={13} className="-mr-1 text-faint" />
          </Button>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Content align="end" sideOffset={6} className={PANEL}>
            <Choice icon={ListRestart} words={say("run.rerunFailed")} about={say("run.rerunFailed.about")} disabled={run.status === "succeeded"} onSelect={() => rerun.mutate("failed")} />
            <Choice icon={StepForward} words={step === null ? say("rerun.fromNone") : say("rerun.fromStep", { step })} about={say("rerun.from.about")} disabled={step === null} onSelect={() => step !== null && rerun.mutate([step])} />
            {step !== null && items.length > 0 && <OneItem step={step} items={items} onChoose={(index) => rerun.mutate([`${step}[${index}]`])} />}
            <Choice icon={RotateCcw} words={say("run.rerunAll")} about={say("run.rerunAll.about")} onSelect={() => rerun.mutate("everything")} />
            {onChangedInputs !== null && (
              <>
                <Menu.Separator className="my-1 h-px bg-line" />
                <Choice icon={PencilLine} words={say("rerun.changed")} about={say("rerun.changed.about")} onSelect={onChangedInputs} />
              </>
            )}
          </Menu.Content>
        </Menu.Portal>
      </Menu.Root>
    </>
  );
}

function OneItem({ step, items, onChoose }: { step: string; items: readonly ItemView[]; onChoose: (index: number) => void }) {
  // What went wrong is what one wants again.
  const ranked = [...items.entries()].toSorted(([, a], [, b]) => Number(b.status === "failed") - Number(a.status === "failed"));
  return (
    <Menu.Sub>
      <Menu.SubTrigger className={ITEM}>
        <Repeat1 aria-hidden size={15} className="shrink-0 text-muted" />
        {say("rerun.item", { step })}
        <ChevronDown aria-hidden size={13} className="ml-auto -rotate-90 text-faint" />
      </Menu.SubTrigger>
      <Menu.Portal>
        <Menu.SubContent sideOffset={4} className={PANEL}>
          {ranked.slice(0, MOST_ITEMS).map(([index, item]) => (
            <Menu.Item key={index} className={ITEM} onSelect={() => onChoose(index)}>
              <StatusIcon status={item.status} size={14} />
              <span className="font-mono text-small">{item.key}</span>
            </Menu.Item>
          ))}
        </Menu.SubContent>
      </Menu.Portal>
    </Menu.Sub>
  );
}

function Choice({ icon: Icon, words, about, disabled = false, onSelect }: { icon: LucideIcon; words: string; about: string; disabled?: boolean; onSelect: () => void }) {
  return (
    <Menu.Item className={ITEM} disabled={disabled} onSelect={onSelect} aria-label={words}>
      <Icon aria-hidden size={15} className="mt-0.5 shrink-0 self-start text-muted" />
      <span className="max-w-64">
        <span className="block font-medium">{words}</span>
        <span className="block text-small text-muted">{about}</span>
      </span>
    </Menu.Item>
  );
}
