/** What the editor offers to the palette of commands: its gestures by name, and its steps. */
import { PanelLeft, PanelRight, PlayCircle, Plus, Redo2, Save, Undo2 } from "lucide-react";
import type { GraphView } from "../api/types";
import { drawnSteps } from "../ui/canvas/canvasModel";
import { usePageCommands } from "../ui/pageCommands";
import { say } from "../words/say";
import { STEP_KINDS } from "./stepKinds";
import type { EditorDocument } from "./useEditorDocument";
import type { Panes } from "./usePanes";
import type { StepGestures } from "./useStepGestures";

export interface EditorOffer {
  readonly editor: EditorDocument;
  readonly graph: GraphView | null;
  readonly panes: Panes;
  readonly setPanes: (change: Partial<Panes>) => void;
  readonly canEdit: boolean;
  readonly gestures: StepGestures;
  readonly select: (step: string) => void;
  readonly save: () => void;
  readonly playOrStop: () => void;
}

export function useEditorOffer({ editor, graph, panes, setPanes, canEdit, gestures, select, save, playOrStop }: EditorOffer): void {
  usePageCommands(() => ({
    commands: [
      ...(editor.changed ? [{ id: "save", label: say("editor.save"), icon: Save, keys: "Mod+S", perform: save }] : []),
      ...(editor.undoLabel === null ? [] : [{ id: "undo", label: named("editor.undo", editor.undoLabel), icon: Undo2, keys: "Mod+Z", perform: editor.undo }]),
      ...(editor.redoLabel === null ? [] : [{ id: "redo", label: named("editor.redo", editor.redoLabel), icon: Redo2, keys: "Mod+Shift+Z", perform: editor.redo }]),
      { id: "dry", label: say("dry.title"), icon: PlayCircle, perform: playOrStop },
      { id: "palette", label: say(panes.palette ? "editor.hide" : "editor.show", { pane: say("editor.palette") }), icon: PanelLeft, perform: () => setPanes({ palette: !panes.palette }) },
      { id: "side", label: say(panes.side ? "editor.hide" : "editor.show", { pane: say("editor.side") }), icon: PanelRight, perform: () => setPanes({ side: !panes.side }) },
      ...(canEdit ? STEP_KINDS.map((kind) => ({ id: `add-${kind.kind}`, label: say("editor.addKind", { kind: say(kind.words) }), icon: Plus, perform: () => gestures.addHere(kind) })) : []),
    ],
    steps: graph === null ? [] : drawnSteps(graph).map((step) => ({ id: step.id, kind: step.kind, about: step.name ?? step.summary, perform: () => select(step.id) })),
  }));
}

function named(words: "editor.undo" | "editor.redo", what: string): string {
  return what === "" ? say(words) : `${say(words)}: ${what}`;
}
