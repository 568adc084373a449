/** The head of the editor: what is edited, undo and redo, panes, Save. */
import { PanelLeft, PanelRight, Redo2, Save, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../ui/Button";
import { say } from "../words/say";
import type { EditorDocument } from "./useEditorDocument";
import type { Panes } from "./usePanes";

export interface EditorHeadProps {
  readonly title: ReactNode;
  readonly actions: ReactNode;
  readonly editor: EditorDocument;
  readonly panes: Panes;
  readonly onPanes: (change: Partial<Panes>) => void;
  readonly onSave: () => void;
}

export function EditorHead({ title, actions, editor, panes, onPanes, onSave }: EditorHeadProps) {
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-surface px-4 py-2.5 sm:px-5">
      {title}
      {editor.changed && <span role="status" className="rounded-full bg-wait-tint px-2 text-small leading-5 font-medium text-wait-ink">{say(editor.restored ? "editor.restored" : "editor.notSaved")}</span>}
      <div className="ml-auto flex items-center gap-2">
        <span className="hidden items-center lg:flex">
          <IconButton label={say("editor.palette")} icon={PanelLeft} pressed={panes.palette} onClick={() => onPanes({ palette: !panes.palette })} />
          <IconButton label={say("editor.side")} icon={PanelRight} pressed={panes.side} onClick={() => onPanes({ side: !panes.side })} />
        </span>
        <HistoryButton label={say("editor.undo")} detail={editor.undoLabel} icon={Undo2} onClick={editor.undo} />
        <HistoryButton label={say("editor.redo")} detail={editor.redoLabel} icon={Redo2} onClick={editor.redo} />
        <Button onClick={onSave} disabled={!editor.changed}>
          <Save aria-hidden size={14} />
          {say("editor.save")}
        </Button>
        {actions}
      </div>
    </header>
  );
}

function IconButton({ label, icon: Icon, pressed, onClick }: { label: string; icon: typeof Undo2; pressed: boolean; onClick: () => void }) {
  return (
    <Button look="quiet" aria-label={label} title={label} aria-pressed={pressed} onClick={onClick} className={`px-2 ${pressed ? "text-ink" : "text-faint"}`}>
      <Icon aria-hidden size={15} />
    </Button>
  );
}

function HistoryButton({ label, detail, icon: Icon, onClick }: { label: string; detail: string | null; icon: typeof Undo2; onClick: () => void }) {
  const name = detail === null || detail === "" ? label : `${label}: ${detail}`;
  return (
    <Button look="quiet" aria-label={name} title={name} disabled={detail === null} onClick={onClick} className="px-2">
      <Icon aria-hidden size={15} />
    </Button>
  );
}
