/**
 * Someone else has saved: what they changed, what you changed, and both put
 * together. What only one side touched is merged; of the rest each place asks.
 * Nothing is lost: yours stays the draft until something is saved.
 */
import { Check, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { mergeTexts } from "../document/mergeTexts";
import { PipelineDocument } from "../document/pipelineDocument";
import { Button } from "../ui/Button";
import { Modal } from "../ui/Modal";
import { Skeleton } from "../ui/Skeleton";
import { say } from "../words/say";
import { ChangeSummary } from "./ChangeSummary";
import type { MergeEditorHandle, MergePlace } from "./MergeEditor";

const MergeEditor = lazy(() => import("./MergeEditor").then((module) => ({ default: module.MergeEditor })));

export interface MergeDialogProps {
  readonly base: string;
  readonly theirs: string;
  readonly mine: PipelineDocument;
  readonly saving: boolean;
  readonly refusal: string | null;
  readonly onTheirs: () => void;
  readonly onSave: (text: string) => void;
  /** The merge so far comes along, so that it can be gone on with. */
  readonly onLater: () => void;
}

type Side = "theirs" | "mine" | "both";

interface Conflict {
  readonly base: string;
  readonly theirs: string;
  readonly mine: string;
}

interface Begun {
  readonly text: string;
  readonly places: readonly MergePlace[];
  readonly decided: ReadonlyMap<number, Side>;
}

/** Merges that were put off, by what they merge: reopened where they were left. */
const putOff = new Map<string, Begun>();

export function MergeDialog({ base, theirs, mine, saving, refusal, onTheirs, onSave, onLater }: MergeDialogProps) {
  const key = JSON.stringify([theirs, mine.text]);
  const { conflicts, taken, start } = useMemo(() => begin(base, theirs, mine.text), [base, theirs, mine.text]);
  const [state, setState] = useState<Begun>(() => putOff.get(key) ?? start);
  const editor = useRef<MergeEditorHandle | null>(null);
  const open = conflicts.length - state.decided.size;
  const result = useMemo(() => PipelineDocument.parse(state.text), [state.text]);
  const broken = result.syntaxProblems[0];
  useEffect(() => {
    putOff.set(key, state);
  }, [key, state]);
  const decide = (at: number, side: Side) => {
    const conflict = conflicts[at];
    if (conflict === undefined) return;
    editor.current?.replace(at, textOf(conflict, side));
    setState((before) => ({ ...before, decided: new Map(before.decided).set(at, side) }));
  };
  return (
    <Modal
      open
      full
      onClose={onLater}
      title={
        <span className="flex items-center gap-2">
          <TriangleAlert aria-hidden size={17} className="text-wait-ink" />
          {say("save.conflict")}
        </span>
      }
      description={say("save.conflict.about")}
    >
      <div className="min-h-0 flex-1 overflow-auto">
        <div className="grid gap-x-6 px-5 sm:grid-cols-2">
          <section aria-label={say("merge.theirs.words")}>
            <h3 className="text-small font-semibold">{say("merge.theirs.words")}</h3>
            <ChangeSummary before={base} after={PipelineDocument.parse(theirs)} label={say("merge.theirs.words")} />
          </section>
          <section aria-label={say("merge.mine.words")}>
            <h3 className="text-small font-semibold">{say("merge.mine.words")}</h3>
            <ChangeSummary before={base} after={mine} label={say("merge.mine.words")} />
          </section>
        </div>
        <p role="status" aria-label={say("merge.state")} className={`mx-5 mb-3 rounded-control px-3 py-1.5 text-small font-medium ${open > 0 ? "bg-wait-tint text-wait-ink" : "bg-ok-tint text-ok-ink"}`}>
          {open > 0 ? say("merge.open", { count: open }) : say(conflicts.length > 0 ? "merge.allDecided" : "merge.clean", { count: taken })}
        </p>
        {conflicts.length > 0 && (
          <ol aria-label={say("merge.conflicts")} className="mx-5 mb-3 space-y-3">
            {conflicts.map((conflict, at) => (
              <ConflictCard key={`${at} ${conflict.theirs}`} conflict={conflict} number={at + 1} side={state.decided.get(at) ?? null} onDecide={(side) => decide(at, side)} />
            ))}
          </ol>
        )}
        <div className="flex border-t border-line bg-sunken text-small font-semibold">
          <h3 className="flex-1 px-5 py-1.5">{say("merge.theirs")}</h3>
          <h3 className="flex-1 px-5 py-1.5">{say("merge.result")}</h3>
        </div>
        <Suspense fallback={<Skeleton rows={6} className="h-5" />}>
          <MergeEditor ref={editor} theirs={theirs} start={state} onChange={(text, places) => setState((before) => ({ ...before, text, places }))} />
        </Suspense>
      </div>
      {(broken !== undefined || refusal !== null) && (
        <p role="alert" className="shrink-0 border-t border-line px-5 pt-2 text-body font-medium text-bad-ink">{refusal ?? say("merge.broken", { line: broken?.line ?? 1, reason: broken?.message ?? "" })}</p>
      )}
      <footer className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3">
        <Button onClick={onLater} className="mr-auto" title={say("merge.later.about")}>{say("save.later")}</Button>
        <Button look="danger" onClick={onTheirs}>{say("save.theirs")}</Button>
        <Button disabled={saving} onClick={() => onSave(mine.text)}>{say("save.mine")}</Button>
        <Button look="primary" disabled={saving || open > 0 || broken !== undefined} onClick={() => onSave(state.text)}>
          {say(saving ? "save.saving" : "merge.save")}
        </Button>
      </footer>
    </Modal>
  );
}

function ConflictCard({ conflict, number, side, onDecide }: { conflict: Conflict; number: number; side: Side | null; onDecide: (side: Side) => void }) {
  const shown = [
    ["merge.base", conflict.base],
    ["merge.theirs", conflict.theirs],
    ["merge.mine", conflict.mine],
  ] as const;
  return (
    <li className={`rounded-control border ${side === null ? "border-wait" : "border-line"}`}>
      <div className="flex flex-wrap items-center gap-2 px-3 py-1.5">
        <h3 className="mr-auto text-small font-semibold">{say("merge.conflict", { number })}</h3>
        <div role="group" aria-label={say("merge.conflict", { number })} className="flex gap-1">
          {(["theirs", "mine", "both"] as const).map((one) => (
            <Button key={one} size="small" aria-pressed={side === one} onClick={() => onDecide(one)} className={side === one ? "!border-accent !bg-accent-tint !text-accent-ink" : ""}>
              {side === one && <Check aria-hidden size={12} />}
              {say(`merge.take.${one}`)}
            </Button>
          ))}
        </div>
      </div>
      <div className="grid border-t border-line sm:grid-cols-3 sm:divide-x sm:divide-line">
        {shown.map(([words, text]) => (
          <div key={words} className="min-w-0 px-3 py-1.5">
            <p className="text-micro text-faint">{say(words)}</p>
            {text === "" ? <p className="text-small text-faint italic">{say("merge.nothing")}</p> : <pre tabIndex={0} className="max-h-40 overflow-auto text-small leading-5">{text.replace(/\r?\n$/, "")}</pre>}
          </div>
        ))}
      </div>
    </li>
  );
}

/** Where both have changed something, yours stands until it is decided. */
function begin(base: string, theirs: string, mine: string): { conflicts: readonly Conflict[]; taken: number; start: Begun } {
  const conflicts: Conflict[] = [];
  const places: MergePlace[] = [];
  let text = "";
  let taken = 0;
  for (const part of mergeTexts(base, theirs, mine)) {
    const own = part.kind === "conflict" ? part.mine : part.text;
    if (part.kind === "theirs") taken++;
    if (part.kind === "conflict") {
      conflicts.push(part);
      places.push({ from: text.length, to: text.length + own.length });
    }
    text += own;
  }
  return { conflicts, taken, start: { text, places, decided: new Map() } };
}

function textOf({ theirs, mine }: Conflict, side: Side): string {
  if (side !== "both") return side === "theirs" ? theirs : mine;
  return theirs === "" || theirs.endsWith("\n") ? theirs + mine : `${theirs}\n${mine}`;
}
