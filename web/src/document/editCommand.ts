/**
 * An edit is a value: it says what it does, whether it can, and gives the next
 * document. Undo is not its business; the history keeps the text before it.
 *
 * To add one, copy `renameStep.ts` and its test.
 */
import type { Edited, PipelineDocument } from "./pipelineDocument";

export interface EditCommand {
  readonly label: string;
  /** Null when it can be applied, else a sentence for the user. */
  readonly whyNot: (document: PipelineDocument) => string | null;
  readonly apply: (document: PipelineDocument) => Edited;
}
