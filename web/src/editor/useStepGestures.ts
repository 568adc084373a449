/**
 * What gestures on the canvas mean: which command runs, which panel asks for more,
 * and what is selected afterwards. The canvas itself decides nothing.
 */
import { useCallback, useMemo, useState } from "react";
import { addStep } from "../document/addStep";
import { connectSteps, disconnectSteps } from "../document/connectSteps";
import { deleteSteps } from "../document/deleteSteps";
import type { EditCommand } from "../document/editCommand";
import { addLoop, changeLoop, removeLoop } from "../document/loopEdge";
import { duplicateSteps, newIds, pasteSteps } from "../document/pasteSteps";
import { sameMeaning } from "../document/pipelineDocument";
import { freeId, type LoopFields, stepGraph } from "../document/stepGraph";
import { copySteps } from "../document/stepSnippet";
import type { Point } from "../graph/graphLayout";
import type { AddPlace, CanvasEditing, DropTarget } from "../ui/canvas/canvasEditing";
import { useSame } from "../ui/useSame";
import { say } from "../words/say";
import { dropTargets } from "./dropTargets";
import { STEP_KINDS, type StepKind } from "./stepKinds";
import type { EditorDocument } from "./useEditorDocument";

export type Panel =
  | { readonly kind: "add"; readonly place: AddPlace; readonly at: Point }
  | { readonly kind: "connect"; readonly from: string; readonly targets: ReadonlyMap<string, DropTarget>; readonly at: Point }
  | { readonly kind: "loop"; readonly from: string; readonly index: number | null; readonly loop: LoopFields; readonly at: Point };

export interface StepGestures {
  readonly canvas: CanvasEditing;
  readonly panel: Panel | null;
  readonly closePanel: () => void;
  readonly addKind: (kind: StepKind, place: AddPlace) => void;
  /** Behind the selected step, or alone where none is. */
  readonly addHere: (kind: StepKind) => void;
  readonly connect: (from: string, to: string, at: Point) => void;
  readonly saveLoop: (from: string, index: number | null, loop: LoopFields) => void;
  readonly dropLoop: (from: string, index: number) => void;
  readonly disconnect: (from: string, to: string) => void;
  readonly remove: (steps: readonly string[]) => void;
  readonly duplicate: (steps: readonly string[]) => void;
  readonly copy: (steps: readonly string[]) => string;
  readonly paste: (text: string) => void;
  /** All that is selected, the one that the address names first. */
  readonly chosen: readonly string[];
}

export interface GestureHost {
  readonly editor: EditorDocument;
  readonly selected: string | null;
  readonly select: (step: string | null) => void;
  readonly rename: (step: string) => void;
  readonly tell: (reason: string | null) => void;
  /** For people who cannot see the canvas: what has just happened. */
  readonly announce: (words: string) => void;
}

export function useStepGestures({ editor, selected, select, rename, tell, announce }: GestureHost): StepGestures {
  const { run } = editor;
  // Comments and layout of the text are nothing to the canvas.
  const document = useSame(editor.document, sameMeaning);
  const [others, setOthers] = useState<ReadonlySet<string>>(new Set());
  const [panel, setPanel] = useState<Panel | null>(null);
  const selection = useMemo(() => new Set([...(selected === null ? [] : [selected]), ...others].filter((id) => document.findStep(id) !== null)), [selected, others, document]);
  const chosen = useMemo(() => [...selection], [selection]);

  const perform = useCallback(
    (command: EditCommand): boolean => {
      const reason = run(command);
      tell(reason);
      if (reason === null) announce(command.label);
      return reason === null;
    },
    [run, tell, announce],
  );
  const addKind = useCallback(
    (kind: StepKind, place: AddPlace) => {
      setPanel(null);
      const id = freeId((one) => document.hasStep(one) || document.hasFinallyStep(one), kind.id);
      if (!perform(addStep(id, kind.body, place))) return;
      setOthers(new Set());
      select(id);
      rename(id);
    },
    [document, perform, select, rename],
  );
  const loopOf = useCallback(
    (from: string, to: string): LoopFields => ({ to, on: document.value !== null && isApproval(document.value, from) ? "rejected" : "failed", max: 3 }),
    [document],
  );
  const connect = useCallback(
    (from: string, to: string, at: Point) => {
      const target = dropTargets(document.value, from).get(to);
      if (target?.kind === "loop") setPanel({ kind: "loop", from, index: null, loop: loopOf(from, to), at });
      else {
        setPanel(null);
        perform(connectSteps(from, to));
      }
    },
    [document, loopOf, perform],
  );
  const remove = useCallback(
    (steps: readonly string[]) => {
      if (steps.length === 0 || !perform(deleteSteps(steps, "mend"))) return;
      setOthers(new Set());
      select(null);
    },
    [perform, select],
  );
  const selectNew = useCallback(
    (command: EditCommand) => {
      const edited = command.apply(document);
      if (!perform(command) || !edited.ok) return;
      const [first, ...more] = newIds(document, edited.document);
      select(first ?? null);
      setOthers(new Set(more));
    },
    [document, perform, select],
  );
  const duplicate = useCallback((steps: readonly string[]) => selectNew(duplicateSteps(document, steps)), [document, selectNew]);

  const canvas = useMemo<CanvasEditing>(
    () => ({
      selection,
      onSelection: (steps) => {
        setOthers(new Set(steps));
        if (steps.length > 0 && (selected === null || !steps.includes(selected))) select(steps[0] ?? null);
      },
      onStep: (gesture, step, at) => {
        const all = selection.has(step) ? [...selection] : [step];
        switch (gesture) {
          case "add":
            return setPanel({ kind: "add", place: { kind: "behind", step }, at });
          case "connect":
            return setPanel({ kind: "connect", from: step, targets: dropTargets(document.value, step), at });
          case "delete":
            return remove(all);
          case "duplicate":
            return duplicate(all);
          case "all":
            return setOthers(new Set(document.steps.map(({ id }) => id)));
          case "toggle": {
            if (selected === null) return select(step);
            const next = new Set(selection);
            if (!next.delete(step)) next.add(step);
            setOthers(next);
            if (!next.has(selected)) select([...next][0] ?? null);
          }
        }
      },
      onAdd: (place, at) => setPanel({ kind: "add", place, at }),
      onDropKind: (name, place) => {
        const kind = STEP_KINDS.find((one) => one.kind === name);
        if (kind !== undefined) addKind(kind, place);
      },
      onDisconnect: (from, to) => void perform(disconnectSteps(from, to)),
      onLoopEdge: (from, index, at) => {
        const loop = stepGraph(document.value).get(from)?.goto[index];
        if (loop !== undefined) setPanel({ kind: "loop", from, index, loop, at });
      },
      targetsOf: (from) => dropTargets(document.value, from),
      onDrop: connect,
    }),
    [selection, selected, document, select, remove, duplicate, addKind, perform, connect],
  );

  return {
    canvas,
    panel,
    closePanel: useCallback(() => setPanel(null), []),
    addKind,
    addHere: (kind) => addKind(kind, selected !== null && document.findStep(selected) !== null ? { kind: "behind", step: selected } : { kind: "alone" }),
    connect,
    saveLoop: (from, index, loop) => {
      setPanel(null);
      if (index === null) perform(addLoop(from, loop));
      else perform(changeLoop(from, index, { ...loop, if: loop.if ?? null, delay: loop.delay ?? null }));
    },
    dropLoop: (from, index) => {
      setPanel(null);
      perform(removeLoop(from, index));
    },
    disconnect: (from, to) => void perform(disconnectSteps(from, to)),
    remove,
    duplicate,
    copy: (steps) => {
      announce(say("editor.copied", { steps: steps.join(", ") }));
      return copySteps(document, steps);
    },
    paste: (text) => selectNew(pasteSteps(document, text, selected)),
    chosen,
  };
}

function isApproval(pipeline: Parameters<typeof stepGraph>[0], step: string): boolean {
  const body = stepGraph(pipeline).get(step)?.body;
  return typeof body === "object" && body !== null && "approval" in body;
}
