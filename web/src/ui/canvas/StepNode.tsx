/** A step on the canvas: kind, name, summary, badges, and on a run its state in icon, colour and word. */
import type { Node, NodeProps } from "@xyflow/react";
import { Box, Flag, Layers, Puzzle, RotateCcw, Timer, TriangleAlert, Undo2, Users } from "lucide-react";
import { memo, type ReactNode } from "react";
import type { StepDefinition } from "../../api/types";
import { INSIDE_HEIGHT } from "../../graph/layoutInput";
import { Elapsed } from "../Elapsed";
import { MiniGraph } from "../MiniGraph";
import { appearanceOf, TONE_STROKE, TONE_TEXT } from "../statusAppearance";
import { StatusIcon } from "../StatusIcon";
import { StepKindIcon } from "../StepKindIcon";
import { durationWords } from "../time";
import { say } from "../../words/say";
import { useCanvasGestures } from "./canvasEditing";
import type { StepNodeData, StepOverlay } from "./canvasModel";
import { RenameField } from "./RenameField";
import { StepKnob } from "./StepKnob";

/** What every attempt has unless the file says otherwise: not worth a badge. */
const USUAL_TIMEOUT_MS = 6 * 60 * 60 * 1000;

export type StepFlowNode = Node<StepNodeData, "step">;

export const StepNode = memo(function StepNode({ data }: NodeProps<StepFlowNode>) {
  return data.brief ? <BriefStep {...data} /> : <WholeStep data={data} />;
});

function WholeStep({ data }: { data: StepNodeData }) {
  const { step, overlay, selected, renaming } = data;
  const tone = overlay === null ? null : appearanceOf(overlay.status).tone;
  const begun = overlay !== null && overlay.status !== "pending" && overlay.status !== "skipped";
  const faded = overlay?.status === "pending" || overlay?.status === "skipped";
  const drag = useCanvasGestures()?.drag ?? null;
  const target = drag?.targets.get(step.id) ?? null;
  const aimed = drag?.over === step.id;
  return (
    <div className={`group relative size-full ${target?.kind === "no" ? "opacity-35" : ""}`} data-selected={selected} data-target={target?.kind}>
      {/* Cards behind the card: it runs many times. */}
      {step.many != null && <ManyCards />}
    <div
      data-step={step.id}
      data-status={overlay?.status}
      className={`relative flex size-full items-stretch overflow-hidden rounded-card border bg-raised transition-[border-color,box-shadow] duration-150 ${aimed && target?.kind === "loop" ? "border-loop shadow-[0_0_0_3px_var(--color-loop-tint)]" : aimed && target?.kind === "connect" ? "border-accent shadow-[0_0_0_3px_var(--color-accent-tint)]" : selected ? "border-accent shadow-[0_0_0_3px_light-dark(rgb(87_83_198/0.2),rgb(110_106_222/0.35))]" : "border-edge shadow-raised"} ${faded ? "border-dashed bg-surface" : ""}`}
    >
      <span aria-hidden className={`w-1 shrink-0 ${overlay?.status === "running" ? "animate-breathe" : ""}`} style={{ background: begun && tone !== null ? TONE_STROKE[tone] : "transparent" }} />
      <div className="flex min-w-0 flex-1 flex-col">
      <div className="flex min-h-0 flex-1 flex-col justify-center gap-0.5 py-1.5 pr-2.5 pl-2">
        <div className="flex items-center gap-1.5">
          <StepKindIcon kind={step.kind} />
          {renaming === null ? <span className={`truncate font-mono text-small font-semibold ${faded ? "text-muted" : ""}`}>{step.id}</span> : <RenameField renaming={renaming} />}
          <span className="ml-auto flex shrink-0 items-center gap-1">{badgesOf(data)}</span>
        </div>
        {overlay === null ? (
          <span className="truncate text-micro text-muted">{step.many == null ? "" : `${step.many.summary} · `}{step.name ?? (step.summary || step.kind)}</span>
        ) : (
          <StateLine overlay={overlay} />
        )}
      </div>
      {step.child?.kind === "in_place" && <StepsInside steps={step.child.steps} />}
      </div>
    </div>
      {renaming === null && <StepKnob step={step.id} direction={data.direction} />}
      <EdgeEnds direction={data.direction} />
    </div>
  );
}

/** One of many, from far away: its state and its name, as big as there is room. */
function BriefStep({ step, overlay, selected, direction }: StepNodeData) {
  const tone = overlay === null ? null : appearanceOf(overlay.status).tone;
  return (
    <div data-step={step.id} data-status={overlay?.status} className={`flex size-full items-center gap-2 overflow-hidden rounded-card border-2 bg-raised px-3 ${selected ? "border-accent" : "border-edge"}`}>
      {overlay !== null && tone !== null && <span className={TONE_TEXT[tone]}><StatusIcon status={overlay.status} size={26} /></span>}
      <span className="truncate font-mono text-[1.375rem] font-semibold">{step.id}</span>
      <EdgeEnds direction={direction} />
    </div>
  );
}

/** React Flow looks for these where edges begin and end. Its own component listens to every frame. */
function EdgeEnds({ direction }: { direction: StepNodeData["direction"] }) {
  const [into, out] = direction === "right" ? ["left", "right"] : ["top", "bottom"];
  return (
    <>
      <span aria-hidden className={`target react-flow__handle react-flow__handle-${into}`} data-handlepos={into} />
      <span aria-hidden className={`source react-flow__handle react-flow__handle-${out}`} data-handlepos={out} />
    </>
  );
}

function ManyCards() {
  return (
    <>
      <span aria-hidden className="absolute inset-x-2 -bottom-2 h-4 rounded-b-card border border-edge bg-surface" />
      <span aria-hidden className="absolute inset-x-1 -bottom-1 h-4 rounded-b-card border border-edge bg-raised" />
    </>
  );
}

/** A pipeline in place: its steps, small, within the step that runs them. */
function StepsInside({ steps }: { steps: readonly StepDefinition[] }) {
  return (
    <div title={steps.map(({ id }) => id).join(", ")} className="flex shrink-0 items-center overflow-hidden border-t border-line bg-surface px-2" style={{ height: INSIDE_HEIGHT - 2 }}>
      <MiniGraph graph={{ steps }} colourOf={() => "light-dark(#c4c6d0, #454a56)"} />
    </div>
  );
}

function StateLine({ overlay }: { overlay: StepOverlay }) {
  const { word, tone } = appearanceOf(overlay.status);
  return (
    <span className={`flex items-center gap-1 text-micro font-medium ${TONE_TEXT[tone]}`}>
      <StatusIcon status={overlay.status} size={12} />
      <span className="truncate">{overlay.word ?? word}</span>
      <span className="ml-auto flex shrink-0 items-center gap-1.5 font-normal text-faint">
        {overlay.attempt > 1 && <span title={say("node.attempt.about")}>{say("node.attempt", { attempt: overlay.attempt })}</span>}
        {overlay.visit > 1 && <span title={say("node.visit.about")}>{say("run.visit", { visit: overlay.visit })}</span>}
        {overlay.startedAt !== null && overlay.status !== "skipped" && <Elapsed from={overlay.startedAt} to={overlay.finishedAt} />}
      </span>
    </span>
  );
}

function badgesOf({ step, overlay, problems, last }: StepNodeData): ReactNode {
  if (overlay !== null) return last ? <Badge icon={Flag} label={say("canvas.last")} text={say("step.finally")} /> : null;
  return (
    <>
      {last && <Badge icon={Flag} label={say("canvas.last")} text={say("step.finally")} />}
      {step.uses !== undefined && <Badge icon={Puzzle} label={say("canvas.uses", { name: step.uses })} text={step.uses} look="bg-accent-tint text-accent-ink" />}
      {step.retry_max_attempts > 1 && <Badge icon={RotateCcw} label={say("node.retry", { count: step.retry_max_attempts })} text={`×${step.retry_max_attempts}`} />}
      {step.timeout_ms != null && step.timeout_ms !== USUAL_TIMEOUT_MS && <Badge icon={Timer} label={say("node.timeout")} text={durationWords(step.timeout_ms).replace(/ 0[ms]$/, "")} />}
      {step.kind === "approval" && step.quorum > 1 && <Badge icon={Users} label={say("node.quorum")} text={String(step.quorum)} />}
      {step.many != null && <Badge icon={Layers} label={step.many.summary} text={step.many.max_parallel == null ? "∥" : `∥${step.many.max_parallel}`} />}
      {step.child?.kind === "in_place" && <Badge icon={Box} label={say("canvas.inside", { count: step.child.steps.length })} text={String(step.child.steps.length)} />}
      {step.compensate != null && <Badge icon={Undo2} label={say("canvas.undone", { summary: step.compensate.summary })} text="" />}
      {problems > 0 && <Badge icon={TriangleAlert} label={say("canvas.problems", { count: problems })} text={String(problems)} look="bg-bad-tint font-semibold text-bad-ink" />}
    </>
  );
}

function Badge({ icon: Icon, label, text, look = "bg-idle-tint text-muted" }: { icon: typeof Timer; label: string; text: string; look?: string }) {
  return (
    <span title={label} className={`flex items-center gap-0.5 rounded px-1 text-micro leading-4 ${look}`}>
      <Icon aria-hidden size={10} />
      {text}
    </span>
  );
}
