/** Shows what a save would change, and a conflict when someone else was faster. */
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { client } from "../api/client";
import { messageOf, Problem } from "../api/problem";
import type { Pipeline } from "../api/types";
import { Button } from "../ui/Button";
import { Modal } from "../ui/Modal";
import { Skeleton } from "../ui/Skeleton";
import { say } from "../words/say";
import { ChangeSummary } from "./ChangeSummary";
import { MergeDialog } from "./MergeDialog";
import type { EditorDocument } from "./useEditorDocument";

const TextDifference = lazy(() => import("./TextDifference").then((module) => ({ default: module.TextDifference })));

interface Conflict {
  readonly etag: string;
  readonly yaml: string;
}

export interface SaveDialogProps {
  readonly project: string;
  readonly name: string;
  readonly editor: EditorDocument;
  readonly onSaved: (pipeline: Pipeline) => void;
  readonly onClose: () => void;
}

export function SaveDialog({ project, name, editor, onSaved, onClose }: SaveDialogProps) {
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const save = useMutation({
    mutationFn: ({ etag, text }: { etag: string; text: string }) => client.savePipeline(project, name, text, etag),
    // Until this, what was typed stays the draft on the version that it began with.
    onSuccess: (pipeline, { text }) => {
      editor.rebase(pipeline.etag, text, text);
      onSaved(pipeline);
    },
    onError: (error, { text }) => {
      if (!(error instanceof Problem) || error.status !== 409) return;
      // Faster once more: what was merged so far is now what they collide with.
      if (conflict !== null) editor.rebase(conflict.etag, conflict.yaml, text);
      const [etag, yaml] = [error.text("current_etag"), error.text("current_yaml")];
      if (etag !== null && yaml !== null) setConflict({ etag, yaml });
    },
  });
  const refusal = save.error === null ? null : save.error instanceof Problem && save.error.slug === "invalid-pipeline" ? say("save.invalid", { reason: save.error.message }) : messageOf(save.error);
  if (conflict !== null) {
    return (
      <MergeDialog
        key={conflict.etag}
        base={editor.base.text}
        theirs={conflict.yaml}
        mine={editor.document}
        saving={save.isPending}
        refusal={save.error instanceof Problem && save.error.status === 409 ? null : refusal}
        onLater={onClose}
        onTheirs={() => {
          editor.rebase(conflict.etag, conflict.yaml, conflict.yaml);
          onClose();
        }}
        onSave={(text) => save.mutate({ etag: conflict.etag, text })}
      />
    );
  }
  return (
    <Modal open wide onClose={onClose} title={say("save.title", { name })} description={say("save.about")}>
      <ChangeSummary before={editor.base.text} after={editor.document} />
      <Difference before={editor.base.text} after={editor.text} label={say("save.label")} />
      {refusal !== null && <p role="alert" className="px-5 pt-3 text-body font-medium text-bad-ink">{refusal}</p>}
      <footer className="flex justify-end gap-2 px-5 py-3">
        <Button onClick={onClose}>{say("save.goOn")}</Button>
        <Button look="primary" disabled={save.isPending} onClick={() => save.mutate({ etag: editor.base.etag, text: editor.text })}>
          {say(save.isPending ? "save.saving" : "editor.save")}
        </Button>
      </footer>
    </Modal>
  );
}

function Difference(props: { before: string; after: string; label: string }) {
  return (
    <Suspense fallback={<Skeleton rows={6} className="h-5" />}>
      <TextDifference {...props} />
    </Suspense>
  );
}
