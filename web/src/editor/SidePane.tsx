/** Beside the graph: the text, the form of the selected step, the problems. */
import * as Tabs from "@radix-ui/react-tabs";
import { useState } from "react";
import type { Diagnostic } from "../api/types";
import type { ExpressionInText } from "../document/expressionAt";
import type { TextFix } from "../document/textFix";
import { TabTrigger } from "../ui/TabTrigger";
import { say } from "../words/say";
import { DryRunPanel } from "./dryRun/DryRunPanel";
import type { DryRunState } from "./dryRun/useDryRun";
import { ExpressionPreview } from "./ExpressionPreview";
import { InputsForm } from "./InputsForm";
import { ProblemList } from "./ProblemList";
import { severityOf } from "./severity";
import { StepForm } from "./StepForm";
import type { EditorDocument } from "./useEditorDocument";
import { YamlEditor } from "./YamlEditor";

export type SideTab = "yaml" | "form" | "problems" | "dry";

export interface SidePaneProps {
  readonly width: number;
  readonly tab: SideTab;
  readonly onTab: (tab: SideTab) => void;
  readonly editor: EditorDocument;
  readonly selected: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly current: boolean;
  readonly reveal: { readonly offset: number } | null;
  readonly onCaret: (offset: number) => void;
  readonly onGo: (diagnostic: Diagnostic) => void;
  readonly onFix: (fix: TextFix) => void;
  /** `project/name`. */
  readonly project: string;
  /** `project/name`. */
  readonly pipeline: string;
  /** Under the caret of the text. */
  readonly expression: ExpressionInText | null;
  readonly play: DryRunState;
  readonly onSelect: (step: string) => void;
}

export function SidePane({ width, tab, onTab, editor, selected, diagnostics, current, reveal, onCaret, onGo, onFix, project, pipeline, expression, play, onSelect }: SidePaneProps) {
  const [inForm, setInForm] = useState<ExpressionInText | null>(null);
  const worst = diagnostics.some((one) => severityOf(one) === "error") ? "error" : diagnostics.some((one) => severityOf(one) === "warning") ? "warning" : "hint";
  const look = { error: "bg-bad-tint text-bad-ink", warning: "bg-wait-tint text-wait-ink", hint: "bg-idle-tint text-idle-ink" }[worst];
  const editable = selected !== null && editor.document.syntaxProblems.length === 0 && editor.document.findStep(selected) !== null;
  return (
    <Tabs.Root value={tab} onValueChange={(next) => onTab(next as SideTab)} className="flex min-h-0 flex-1 shrink-0 flex-col border-t border-line bg-surface lg:flex-none lg:border-t-0" style={{ width: `max(min(${width}px, 100%), min(100%, 300px))` }}>
      <Tabs.List aria-label={say("side.title")} className="flex shrink-0 items-center border-b border-line px-2">
        <TabTrigger value="yaml">YAML</TabTrigger>
        <TabTrigger value="form">{say("side.form")}</TabTrigger>
        <TabTrigger value="problems">
          {say("problems.title")}
          {diagnostics.length > 0 && <span className={`min-w-5 rounded-full px-1.5 text-center text-micro leading-5 font-semibold tabular-nums ${look}`}>{diagnostics.length}</span>}
        </TabTrigger>
        <TabTrigger value="dry">{say("dry.title")}</TabTrigger>
      </Tabs.List>
      {/* The text keeps its place and its folds while another tab is in front. */}
      <Tabs.Content value="yaml" forceMount className="flex min-h-0 flex-1 flex-col data-[state=inactive]:hidden">
        <YamlEditor project={project} text={editor.text} diagnostics={diagnostics} reveal={reveal} onType={editor.type} onCaret={onCaret} onUndo={editor.undo} onRedo={editor.redo} />
        <ExpressionPreview pipeline={pipeline} expression={expression} />
      </Tabs.Content>
      <Tabs.Content value="form" className="flex min-h-0 flex-1 flex-col">
        {editable ? (
          <>
            <StepForm key={selected} step={selected} document={editor.document} run={editor.run} onShowText={() => onTab("yaml")} onExpression={setInForm} />
            <ExpressionPreview pipeline={pipeline} expression={inForm?.step === selected ? inForm : null} />
          </>
        ) : selected === null && editor.document.syntaxProblems.length === 0 ? (
          <InputsForm document={editor.document} run={editor.run} onShowText={() => onTab("yaml")} />
        ) : (
          <p className="px-4 py-3 text-body text-muted">{say("form.gone")}</p>
        )}
      </Tabs.Content>
      <Tabs.Content value="problems" className="min-h-0 flex-1">
        <ProblemList diagnostics={diagnostics} current={current} onGo={onGo} onFix={onFix} />
      </Tabs.Content>
      <Tabs.Content value="dry" className="min-h-0 flex-1">
        <DryRunPanel play={play} selected={selected} onSelect={onSelect} onProblems={() => onTab("problems")} />
      </Tabs.Content>
      <p role="status" className="sr-only">{problemWords(diagnostics)}</p>
    </Tabs.Root>
  );
}

function problemWords(diagnostics: readonly Diagnostic[]): string {
  if (diagnostics.length === 0) return say("problems.none");
  return say("problems.count", { count: diagnostics.length });
}
