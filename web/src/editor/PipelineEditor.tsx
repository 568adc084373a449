/**
 * A pipeline's page: palette, graph, and beside it the text, a form or the
 * problems. The text is the document; the graph is drawn from it, and every
 * gesture is an edit of it.
 */
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import type { Diagnostic, GraphView, Pipeline } from "../api/types";
import { sameMeaning } from "../document/pipelineDocument";
import { renameStep } from "../document/renameStep";
import { applyFix, offsetAt } from "../document/textFix";
import { drawnSteps, type Renaming } from "../ui/canvas/canvasModel";
import { PipelineCanvas } from "../ui/canvas/PipelineCanvas";
import { PaneDivider } from "../ui/PaneDivider";
import { useSame } from "../ui/useSame";
import { useSettled } from "../ui/useSettled";
import { say } from "../words/say";
import { BrokenBanner } from "./BrokenBanner";
import { draftGraph } from "./draftGraph";
import { DryRunButton } from "./dryRun/DryRunPanel";
import { DryRunTransport } from "./dryRun/DryRunTransport";
import { useDryRun } from "./dryRun/useDryRun";
import { EditorHead } from "./EditorHead";
import { GesturePanels } from "./GesturePanels";
import { Palette } from "./Palette";
import { SaveDialog } from "./SaveDialog";
import { SidePane, type SideTab } from "./SidePane";
import { NoStepPanel, StepPanel } from "./StepPanel";
import { useClipboardGestures } from "./useClipboardGestures";
import { useEditorDocument } from "./useEditorDocument";
import { useEditorKeys } from "./useEditorKeys";
import { useEditorOffer } from "./useEditorOffer";
import { usePanes } from "./usePanes";
import { useStepGestures } from "./useStepGestures";
import { useValidation } from "./useValidation";

export interface PipelineEditorProps {
  readonly pipeline: Pipeline;
  readonly selected: string | null;
  readonly onSelect: (step: string | null) => void;
  readonly onSaved: (pipeline: Pipeline) => void;
  readonly title: ReactNode;
  /** Of what is not saved; null where there is nothing. */
  readonly renderActions: (draft: EditorDraft | null) => ReactNode;
}

/** What somebody has written and not saved. */
export interface EditorDraft {
  readonly text: string;
  /** None while it does not compile, or the compiler has not answered yet. */
  readonly graph: GraphView | null;
}

export function PipelineEditor({ pipeline, selected, onSelect, onSaved, title, renderActions }: PipelineEditorProps) {
  const editor = useEditorDocument(`${pipeline.project}/${pipeline.name}`, pipeline);
  const { document, text } = editor;
  const validation = useValidation(pipeline.project, text, editor.typing);
  const diagnostics = useMemo(() => validation.answer?.diagnostics ?? pipeline.diagnostics, [validation.answer, pipeline.diagnostics]);
  const compiled = useSame(useLastGood(validation.answer?.graph ?? null, pipeline.graph ?? null), sameJson);
  const syntax = document.syntaxProblems[0];
  const meaning = useSame(document, sameMeaning);
  const drawn = useMemo(() => (meaning.syntaxProblems.length === 0 ? draftGraph(meaning.value, compiled) : null), [meaning, compiled]);
  const graph = useLastGood(drawn, compiled);
  const [reveal, setReveal] = useState<{ offset: number } | null>(null);
  const [renamingStep, setRenamingStep] = useState<string | null>(null);
  const [message, setMessage] = useState<string | null>(null);
  const [news, setNews] = useState("");
  const [saving, setSaving] = useState(false);
  const [tab, setTab] = useState<SideTab>("yaml");
  const [panes, setPanes] = usePanes();
  const canEdit = syntax === undefined;
  // The graph shows what was played, and takes no gestures meanwhile.
  const trying = tab === "dry" && panes.side;

  // The compiler's words where they are about this very text, the local parser's until they come.
  const failure = diagnostics.find((one) => one.severity === "error");
  const told = syntax === undefined ? undefined : validation.current && failure !== undefined ? failure : syntax;

  const [caret, setCaret] = useState<number | null>(null);
  const still = useSettled(caret, 120);
  const expression = useMemo(() => (still === null ? null : document.expressionAt(still)), [document, still]);

  const [sought, setSought] = useState<string | null>(null);
  const select = useCallback(
    (step: string | null) => {
      onSelect(step);
      // A step that was just added stands in the next text, not in this one.
      setSought(step);
    },
    [onSelect],
  );
  useEffect(() => {
    const place = sought === null ? null : document.findStep(sought);
    if (place === null) return;
    setSought(null);
    setReveal({ offset: place.key.from });
  }, [sought, document]);
  const onCaret = useCallback(
    (offset: number) => {
      setCaret(offset);
      const step = document.stepAt(offset);
      if (step !== null && step !== selected) onSelect(step);
    },
    [document, selected, onSelect],
  );
  const startRename = useCallback(
    (step: string) => {
      if (trying) return;
      if (syntax !== undefined) return setMessage(say("editor.gesturesOff"));
      setMessage(null);
      setRenamingStep(step);
    },
    [syntax, trying],
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
  const gestures = useStepGestures({ editor, selected, select, rename: setRenamingStep, tell: setMessage, announce: setNews });
  const play = useDryRun(trying && canEdit, pipeline.project, text, document.value, compiled);
  useClipboardGestures(gestures, canEdit && !trying);
  useEditorKeys(editor, () => setSaving(true));
  const problems = useSame(useMemo(() => problemsByStep(diagnostics), [diagnostics]), (a, b) => sameJson([...a], [...b]));

  const playOrStop = () => {
    setTab(trying ? "yaml" : "dry");
    setPanes({ side: true });
  };
  useEditorOffer({ editor, graph, panes, setPanes, canEdit: canEdit && !trying, gestures, select, save: () => setSaving(true), playOrStop });

  const go = (place: { line: number; column: number }) => {
    setTab("yaml");
    setPanes({ side: true });
    setReveal({ offset: offsetAt(text, place.line, place.column) });
  };
  const step = graph === null ? null : (drawnSteps(graph).find((one) => one.id === selected) ?? null);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <EditorHead title={title} actions={
          <>
            <DryRunButton pressed={trying} onClick={playOrStop} />
            {renderActions(editor.changed ? { text, graph: validation.current ? (validation.answer?.graph ?? null) : null } : null)}
          </>
        } editor={editor} panes={panes} onPanes={setPanes} onSave={() => setSaving(true)} />
      {message !== null && <Refusal text={message} onClose={() => setMessage(null)} />}
      <p role="status" aria-label={say("editor.news")} className="sr-only">{news}</p>
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        {panes.palette && (
          <>
            <div className="hidden shrink-0 lg:block" style={{ width: panes.paletteWidth }}>
              <Palette enabled={canEdit && !trying} onAdd={gestures.addHere} onAddLast={(at) => gestures.canvas.onAdd({ kind: "finally" }, at)} />
            </div>
            <div className="hidden lg:flex">
              <PaneDivider label={say("editor.paletteWidth")} side="left" min={140} max={280} width={panes.paletteWidth} onResize={(paletteWidth) => setPanes({ paletteWidth })} />
            </div>
          </>
        )}
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <div className="relative min-h-0 flex-1">
            {told !== undefined && <BrokenBanner line={told.line} message={told.message} onGo={() => go(told)} />}
            <div className={`size-full transition-opacity duration-150 ${canEdit ? "" : "opacity-40"}`} data-outdated={!canEdit}>
              {graph !== null && (
                <PipelineCanvas graph={graph} overlay={play.overlay} label={say("canvas.label", { name: pipeline.name })} selected={selected} onSelect={select} onRename={startRename} renaming={renaming} problems={problems} editing={canEdit && !trying ? gestures.canvas : null} />
              )}
            </div>
          </div>
          {trying ? <DryRunTransport moment={play.moment} onGo={play.goTo} /> : step === null ? <NoStepPanel /> : <StepPanel step={step} last={graph?.finally?.includes(step) === true} canEdit={canEdit} gestures={gestures} onRename={() => startRename(step.id)} onClose={() => select(null)} />}
        </div>
        {panes.side && (
          <>
            <div className="hidden lg:flex">
              <PaneDivider label={say("editor.sideWidth")} side="right" min={300} max={900} width={panes.sideWidth} onResize={(sideWidth) => setPanes({ sideWidth })} />
            </div>
            <SidePane
              width={panes.sideWidth}
              tab={tab}
              onTab={setTab}
              editor={editor}
              selected={selected}
              diagnostics={diagnostics}
              current={validation.current}
              reveal={reveal}
              onCaret={onCaret}
              onGo={go}
              project={pipeline.project}
              pipeline={`${pipeline.project}/${pipeline.name}`}
              expression={expression}
              play={play}
              onSelect={select}
              onFix={(fix) => {
                setMessage(editor.run(applyFix(fix)));
                setNews(fix.title);
              }}
            />
          </>
        )}
      </div>
      {canEdit && !trying && <GesturePanels gestures={gestures} />}
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

function Refusal({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <div className="flex items-center gap-3 border-b border-line bg-bad-tint px-5 py-1.5 text-small font-medium text-bad-ink">
      <p role="alert" className="min-w-0 flex-1">{text}</p>
      <button type="button" onClick={onClose} className="rounded px-1 underline">{say("common.close")}</button>
    </div>
  );
}

function useLastGood(latest: GraphView | null, stored: GraphView | null): GraphView | null {
  const [graph, setGraph] = useState(latest ?? stored);
  useEffect(() => {
    if (latest !== null) setGraph(latest);
  }, [latest]);
  return latest ?? graph;
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function problemsByStep(diagnostics: readonly Diagnostic[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { pointer, severity } of diagnostics) {
    const step = /^\/(?:steps|finally)\/([^/]+)/.exec(pointer ?? "")?.[1];
    if (step !== undefined && severity !== "hint") counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return counts;
}
