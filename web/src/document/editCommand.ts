/**
 * An edit is a value: it says what it does, whether it can, and gives the next
 * document. Undo is not its business; the history keeps the text before it.
 *
 * To add one, copy `connectSteps.ts` and its test.
 */
import type { Edited, PipelineDocument } from "./pipelineDocument";
import type { YamlEditing } from "./yamlEditing";

export interface EditCommand {
  readonly label: string;
  /** Null when it can be applied, else a sentence for the user. */
  readonly whyNot: (document: PipelineDocument) => string | null;
  readonly apply: (document: PipelineDocument) => Edited;
}

/** A command whose splices are tried to know whether it can be applied. */
export function editCommand(label: string, objection: (document: PipelineDocument) => string | null, change: (editing: YamlEditing) => void): EditCommand {
  // Asked whether it can and then applied to the same document, it is worked out once.
  let last: { document: PipelineDocument; edited: Edited } | null = null;
  const apply = (document: PipelineDocument): Edited => {
    if (last?.document !== document) last = { document, edited: editOf(document) };
    return last.edited;
  };
  const editOf = (document: PipelineDocument): Edited => {
    const reason = document.syntaxProblems.length > 0 ? null : objection(document);
    return reason === null ? document.edit(change) : { ok: false, reason };
  };
  return {
    label,
    whyNot: (document) => {
      const edited = apply(document);
      return edited.ok ? null : edited.reason;
    },
    apply,
  };
}
