/** The selected step in the editor: what it is, its edges, and everything that can be done with it. */
import { Copy, MoveRight, Pencil, Plus, Repeat2, Trash2, Unlink, X } from "lucide-react";
import type { ReactNode } from "react";
import type { StepDefinition } from "../api/types";
import type { Point } from "../graph/graphLayout";
import { Button } from "../ui/Button";
import { placeBelow } from "../ui/canvas/canvasEditing";
import { MiniGraph } from "../ui/MiniGraph";
import { StepKindIcon } from "../ui/StepKindIcon";
import { say } from "../words/say";
import type { StepGestures } from "./useStepGestures";

export interface StepPanelProps {
  readonly step: StepDefinition;
  /** One of `finally`. */
  readonly last: boolean;
  readonly canEdit: boolean;
  readonly gestures: StepGestures;
  readonly onRename: () => void;
  readonly onClose: () => void;
}

/** One height, with a step and without: what opens beneath the graph would move it between the two clicks of a double click. */
const PANEL = "h-28 shrink-0 overflow-auto border-t border-line bg-surface";

/** In the place of the panel while no step is selected. */
export function NoStepPanel() {
  return (
    <div className={`grid place-items-center px-4 ${PANEL}`}>
      <p className="max-w-[60ch] text-center text-small text-faint">{say("panel.none")}</p>
    </div>
  );
}

export function StepPanel({ step, last, canEdit, gestures, onRename, onClose }: StepPanelProps) {
  const { canvas, chosen } = gestures;
  const title = canEdit ? undefined : say("editor.fixFirst");
  const several = chosen.length > 1;
  const act = (gesture: (at: Point) => void) => (event: React.MouseEvent) => gesture(placeBelow(event.currentTarget));
  return (
    <aside aria-label={several ? say("panel.several", { count: chosen.length }) : say("canvas.step", { step: step.id })} className={PANEL}>
      <header className="sticky top-0 flex flex-wrap items-center gap-1.5 bg-surface pt-2 pr-11 pb-0.5 pl-4">
        <StepKindIcon kind={step.kind} />
        <h2 className="mr-1 min-w-0 truncate font-mono text-small font-semibold">{several ? say("panel.several", { count: chosen.length }) : step.id}</h2>
        {!several && <Action icon={Pencil} label={say("panel.rename")} keys="F2" disabled={!canEdit} title={title} onClick={onRename} />}
        {!several && <Action icon={Plus} label={say("panel.addBehind")} keys="A" disabled={!canEdit} title={title} onClick={act((at) => canvas.onStep("add", step.id, at))} />}
        {!several && <Action icon={MoveRight} label={say("panel.connect")} keys="C" disabled={!canEdit} title={title} onClick={act((at) => canvas.onStep("connect", step.id, at))} />}
        <Action icon={Copy} label={say("panel.duplicate")} keys="Ctrl+D" disabled={!canEdit} title={title} onClick={() => gestures.duplicate(chosen)} />
        <Action icon={Trash2} label={say("panel.delete")} keys="Del" disabled={!canEdit} title={title} onClick={() => gestures.remove(chosen)} />
        <button type="button" aria-label={say("panel.close")} onClick={onClose} className="absolute top-2.5 right-3 rounded-control p-1 text-faint hover:bg-hover hover:text-ink">
          <X aria-hidden size={14} />
        </button>
      </header>
      {!several && (
        <dl className="flex flex-wrap gap-x-8 gap-y-1.5 px-4 pt-1 pb-3 text-small [&_dt]:text-faint">
          <Fact name={say("panel.kind")}>{step.kind}</Fact>
          {step.many != null && <Fact name={say("panel.many")}>{step.many.summary}</Fact>}
          {step.summary !== "" && <Fact name={say("panel.does")}><span className="font-mono [overflow-wrap:anywhere]">{step.summary}</span></Fact>}
          <Fact name={say("panel.needs")}>
            {step.needs.length === 0
              ? say(last ? "panel.needsNothingLast" : "panel.needsNothing")
              : step.needs.map((need) => (
                  <Edge key={need.step} words={isUsual(need.on) ? need.step : `${need.step} (${need.on})`}>
                    <EdgeAction icon={Plus} label={say("canvas.addBetween", { from: need.step, to: step.id })} disabled={!canEdit} onClick={act((at) => canvas.onAdd({ kind: "between", from: need.step, to: step.id }, at))} />
                    <EdgeAction icon={Unlink} label={say("canvas.disconnect", { from: need.step, to: step.id })} disabled={!canEdit} onClick={() => gestures.disconnect(need.step, step.id)} />
                  </Edge>
                ))}
          </Fact>
          {step.goto.length > 0 && (
            <Fact name={say("panel.goesBack")}>
              {step.goto.map((loop, index) => (
                <Edge key={`${loop.to} ${loop.on} ${index}`} words={<span className="text-loop-ink">{say(loop.max == null ? "panel.loopFree" : "panel.loop", { to: loop.to, on: loop.on, max: loop.max ?? 0 })}</span>}>
                  <EdgeAction icon={Repeat2} label={say("loop.panel.change", { from: step.id, to: loop.to })} disabled={!canEdit} onClick={act((at) => canvas.onLoopEdge(step.id, index, at))} />
                </Edge>
              ))}
            </Fact>
          )}
          {step.if != null && <Fact name={say("panel.if")}><span className="font-mono [overflow-wrap:anywhere]">{step.if}</span></Fact>}
          {step.approvers.length > 0 && <Fact name={say("panel.approvers")}>{step.approvers.join(", ")}</Fact>}
          {step.child?.kind === "in_place" && (
            <Fact name={say("panel.inside")}>
              <span className="flex items-center gap-3 pt-0.5">
                <MiniGraph graph={{ steps: step.child.steps }} colourOf={() => "light-dark(#c4c6d0, #454a56)"} />
                <span className="font-mono">{step.child.steps.map(({ id }) => id).join(", ")}</span>
              </span>
            </Fact>
          )}
          {step.child?.kind === "named" && <Fact name={say("panel.runs")}>{step.child.name}</Fact>}
        </dl>
      )}
      {several && <p className="px-4 pt-1.5 pb-3 font-mono text-small text-muted">{chosen.join(", ")}</p>}
    </aside>
  );
}

interface ActionProps {
  readonly icon: typeof Plus;
  readonly label: string;
  readonly keys: string;
  readonly disabled: boolean;
  readonly title: string | undefined;
  readonly onClick: (event: React.MouseEvent) => void;
}

function Action({ icon: Icon, label, keys, disabled, title, onClick }: ActionProps) {
  return (
    <Button size="small" onClick={onClick} disabled={disabled} title={title ?? keys}>
      <Icon aria-hidden size={12} />
      {label}
    </Button>
  );
}

function Edge({ words, children }: { words: ReactNode; children: ReactNode }) {
  return (
    <span className="mr-2 inline-flex items-center gap-0.5">
      {words}
      {children}
    </span>
  );
}

function EdgeAction({ icon: Icon, label, disabled, onClick }: { icon: typeof Plus; label: string; disabled: boolean; onClick: (event: React.MouseEvent) => void }) {
  return (
    <button type="button" aria-label={label} title={label} disabled={disabled} onClick={onClick} className="grid size-6 place-items-center rounded text-faint hover:bg-hover hover:text-ink disabled:opacity-50">
      <Icon aria-hidden size={12} />
    </button>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

function isUsual(on: string): boolean {
  return on === "ok" || on === "succeeded";
}
