/**
 * A pipeline's page: the graph beside its text, the problems beneath. The text is
 * the document; the graph is what the compiler last made of it.
 */
import { CircleAlert, Redo2, Save, Undo2 } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import type { Diagnostic, GraphView, Pipeline } from "../api/types";
import { renameStep } from "../document/renameStep";
import { Button } from "../ui/Button";
import type { Renaming } from "../ui/canvas/canvasModel";
import { PipelineCanvas } from "../ui/canvas/PipelineCanvas";
import { ProblemList } from "./ProblemList";
import { SaveDialog } from "./SaveDialog";
import { StepPanel } from "./StepPanel";
import { useEditorDocument } from "./useEditorDocument";
import { useValidation } from "./useValidation";
import { YamlEditor } from "./YamlEditor";

export interface PipelineEditorProps {
  readonly pipeline: Pipeline;
  readonly selected: string | null;
  readonly onSelect: (step: string | null) => void;
  readonly onSaved: (pipeline: Pipeline) => void;
  readonly title: ReactNode;
  readonly actions: ReactNode;
}

export function PipelineEditor({ pipeline, selected, onSelect, onSaved, title, actions }: PipelineEditorProps) {
  const editor = useEditorDocument(`${pipeline.project}/${pipeline.name}`, pipeline);
  const { document, text } = editor;
  const validation = useValidation(text);
  const diagnostics = useMemo(() => validation.answer?.diagnostics ?? pipeline.diagnostics, [validation.answer, pipeline.diagnostics]);
  const graph = useLastGoodGraph(validation.answer?.graph ?? null, pipeline.graph ?? null);
  const [reveal, setReveal] = useState<{ offset: number } | null>(null);
  const [renamingStep, setRenamingStep] = useState<string | null>(null);
  const [message, setMessage] = useState<string | null>(null);
  const [saving, setSaving] = useState(false);

  const syntax = document.syntaxProblems[0];
  const failure = diagnostics.find((one) => one.severity === "error");
  // The compiler's words where they are about this very text, the local parser's until they come.
  const told = validation.current && failure !== undefined ? failure : syntax;
  const outdated = syntax !== undefined || (validation.current && failure !== undefined && validation.answer?.graph == null);

  const select = useCallback(
    (step: string | null) => {
      onSelect(step);
      const place = step === null ? null : document.findStep(step);
      if (place !== null) setReveal({ offset: place.key.from });
    },
    [document, onSelect],
  );
  const onCaret = useCallback(
    (offset: number) => {
      const step = document.stepAt(offset);
      if (step !== null && step !== selected) onSelect(step);
    },
    [document, selected, onSelect],
  );
  const startRename = useCallback(
    (step: string) => {
      if (syntax !== undefined) return setMessage("Gestures are off until the YAML parses.");
      if (!document.hasStep(step)) return setMessage("Only steps of `steps` are renamed here; change this one in the text.");
      setMessage(null);
      setRenamingStep(step);
    },
    [document, syntax],
  );
  const renaming = useMemo<Renaming | null>(
    () =>
      renamingStep === null
        ? null
        : {
            step: renamingStep,
            whyNot: (name) => renameStep(renamingStep, name).whyNot(document),
            onCancel: () => setRenamingStep(null),
            onDone: (name) => {
              setMessage(editor.run(renameStep(renamingStep, name)));
              setRenamingStep(null);
              onSelect(name);
            },
          },
    [renamingStep, document, editor, onSelect],
  );
  const problems = useMemo(() => problemsByStep(diagnostics), [diagnostics]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.defaultPrevented || !(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key === "s") setSaving(editor.changed);
      else if (key === "z" && !typing) (event.shiftKey ? editor.redo : editor.undo)();
      else if (key === "y" && !typing) editor.redo();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [editor]);

  const go = (diagnostic: { line: number; column: number }) => setReveal({ offset: offsetOf(text, diagnostic.line, diagnostic.column) });
  const step = graph?.steps.find((one) => one.id === selected) ?? null;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2.5 sm:px-5">
        {title}
        {editor.changed && <span role="status" className="rounded-full bg-wait-tint px-2 text-small leading-5 font-medium text-wait-ink">{editor.restored ? "Draft restored" : "Not saved"}</span>}
        <div className="ml-auto flex items-center gap-2">
          <HistoryButton label="Undo" detail={editor.undoLabel} icon={Undo2} onClick={editor.undo} />
          <HistoryButton label="Redo" detail={editor.redoLabel} icon={Redo2} onClick={editor.redo} />
          <Button onClick={() => setSaving(true)} disabled={!editor.changed}>
            <Save aria-hidden size={14} />
            Save
          </Button>
          {actions}
        </div>
      </header>
      {message !== null && <p role="alert" className="border-b border-line bg-bad-tint px-5 py-1.5 text-small font-medium text-bad-ink">{message}</p>}
      <div className="grid min-h-0 flex-1 grid-rows-[minmax(0,1fr)_minmax(0,1fr)] lg:grid-cols-[minmax(0,1fr)_minmax(0,34rem)] lg:grid-rows-1">
        <div className="flex min-h-0 min-w-0 flex-col">
        <div className="relative min-h-0 flex-1">
          {outdated && (
            <p role="alert" className="absolute inset-x-3 top-3 z-10 flex items-center gap-2 rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink shadow-raised">
              <CircleAlert aria-hidden size={15} className="shrink-0" />
              <span className="min-w-0 flex-1">
                <strong className="font-semibold">Line {told?.line}:</strong> {told?.message}. The graph shows the last good state.
              </span>
              <button type="button" className="rounded px-1 font-medium underline" onClick={() => told !== undefined && go(told)}>
                Go to line
              </button>
            </p>
          )}
          <div className={`size-full transition-opacity duration-150 ${outdated ? "opacity-40" : ""}`} data-outdated={outdated}>
            {graph !== null && (
              <PipelineCanvas graph={graph} overlay={null} label={`Graph of ${pipeline.name}`} selected={selected} onSelect={select} onRename={startRename} renaming={renaming} problems={problems} />
            )}
          </div>
        </div>
        {step !== null && <StepPanel step={step} canEdit={syntax === undefined} onRename={() => startRename(step.id)} onClose={() => onSelect(null)} />}
        </div>
        <div className="flex min-h-0 min-w-0 flex-col border-t border-line lg:border-t-0 lg:border-l">
          <div className="min-h-0 flex-1">
            <YamlEditor text={text} diagnostics={diagnostics} reveal={reveal} onType={editor.type} onCaret={onCaret} onUndo={editor.undo} onRedo={editor.redo} />
          </div>
          <ProblemList diagnostics={diagnostics} onGo={go} />
        </div>
      </div>
      {saving && (
        <SaveDialog
          project={pipeline.project}
          name={pipeline.name}
          editor={editor}
          onClose={() => setSaving(false)}
          onSaved={(saved) => {
            setSaving(false);
            onSaved(saved);
          }}
        />
      )}
    </div>
  );
}

function HistoryButton({ label, detail, icon: Icon, onClick }: { label: string; detail: string | null; icon: typeof Undo2; onClick: () => void }) {
  const what = detail === null || detail === "" ? label : `${label}: ${detail}`;
  return (
    <Button look="quiet" className="!px-2" aria-label={what} title={what} disabled={detail === null} onClick={onClick}>
      <Icon aria-hidden size={15} />
    </Button>
  );
}

/** The newest graph there was: broken text must not empty the canvas. */
function useLastGoodGraph(newest: GraphView | null, first: GraphView | null): GraphView | null {
  const [graph, setGraph] = useState(newest ?? first);
  useEffect(() => {
    if (newest !== null) setGraph(newest);
  }, [newest]);
  return graph;
}

function problemsByStep(diagnostics: readonly Diagnostic[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { pointer, severity } of diagnostics) {
    const step = /^\/(?:steps|finally)\/([^/]+)/.exec(pointer ?? "")?.[1];
    if (step !== undefined && severity !== "hint") counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return counts;
}

function offsetOf(text: string, line: number, column: number): number {
  let offset = 0;
  for (let at = 1; at < line; at++) {
    const next = text.indexOf("\n", offset);
    if (next === -1) return text.length;
    offset = next + 1;
  }
  return Math.min(offset + column - 1, text.length);
}
