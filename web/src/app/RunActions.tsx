/** What the editor's head offers besides editing: the runs, and a new one of what is saved or of the draft. */
import { Link } from "@tanstack/react-router";
import { History, PencilLine, Play, Save } from "lucide-react";
import { useState } from "react";
import type { Pipeline } from "../api/types";
import type { EditorDraft } from "../editor/PipelineEditor";
import { Button } from "../ui/Button";
import { Choice, Choices } from "../ui/Choices";
import { say } from "../words/say";
import { RunDialog } from "./RunDialog";

export interface RunActionsProps {
  readonly pipeline: Pipeline;
  readonly draft: EditorDraft | null;
  readonly starting: boolean;
  readonly onStarting: (starting: boolean) => void;
}

export function RunActions({ pipeline: { project, name, graph }, draft, starting, onStarting }: RunActionsProps) {
  const can = graph != null || draft?.graph != null;
  return (
    <>
      <Link to="/runs" search={{ pipeline: `${project}/${name}` }} className="inline-flex h-8 items-center gap-1.5 rounded-control border border-line bg-raised px-3 font-medium shadow-raised hover:border-edge hover:bg-hover">
        <History aria-hidden size={14} />
        {say("editor.runs")}
      </Link>
      <Button look="primary" onClick={() => onStarting(true)} disabled={!can}>
        <Play aria-hidden size={12} fill="currentColor" />
        {say("editor.run")}
      </Button>
      {starting && can && <StartDialog project={project} name={name} saved={graph ?? null} draft={draft} onClose={() => onStarting(false)} />}
    </>
  );
}

interface StartDialogProps {
  readonly project: string;
  readonly name: string;
  readonly saved: EditorDraft["graph"];
  readonly draft: EditorDraft | null;
  readonly onClose: () => void;
}

/** Where something is not saved, people say which of both they mean: nobody is to wonder later what has run. */
function StartDialog({ project, name, saved, draft, onClose }: StartDialogProps) {
  const [wantsDraft, setWantsDraft] = useState(saved === null);
  const text = draft !== null && draft.graph !== null && wantsDraft ? draft.text : null;
  const graph = text === null ? saved : (draft?.graph ?? null);
  if (graph === null) return null;
  const head = draft !== null && (
    <div className="space-y-1.5">
      <Choices legend={say("start.which")}>
        <Choice group="version" icon={Save} label={say("start.which.saved")} checked={text === null} disabled={saved === null} onChoose={() => setWantsDraft(false)} />
        <Choice group="version" icon={PencilLine} label={say("start.which.draft")} checked={text !== null} disabled={draft.graph === null} onChoose={() => setWantsDraft(true)} />
      </Choices>
      <p className="text-small text-muted">{say(draft.graph === null ? "start.draft.broken" : text === null ? "start.saved" : "start.draft.about")}</p>
    </div>
  );
  // The inputs of the other version are other fields.
  return <RunDialog key={text === null ? "saved" : "draft"} project={project} name={name} graph={graph} head={head} {...(text === null ? {} : { draft: text })} onClose={onClose} />;
}
