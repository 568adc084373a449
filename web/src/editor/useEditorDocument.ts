/**
 * The editor's document: history of texts, the draft that survives a reload, and
 * the way in for every change. The canvas and the text pane both come through here.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { EditCommand } from "../document/editCommand";
import { type History, record, redo, startHistory, undo } from "../document/history";
import { PipelineDocument } from "../document/pipelineDocument";
import { useSettled } from "../ui/useSettled";
import { type Draft, forgetDraft, loadDraft, storeDraft } from "./draft";
import { say } from "../words/say";

/** A pause in typing longer than this begins another undo step. */
const TYPING_PAUSE_MS = 700;
const DRAFT_AFTER_MS = 250;
/** Reading a text of hundreds of steps takes longer than a keystroke may: it is read when typing pauses. */
const LONG_TEXT = 20_000;
const READ_AFTER_MS = 250;

export interface EditorDocument {
  /** As it was last read; while someone types in a long text it lags behind. */
  readonly document: PipelineDocument;
  readonly text: string;
  /** The stored version that the text is a change of. */
  readonly base: { readonly etag: string; readonly text: string };
  readonly changed: boolean;
  readonly restored: boolean;
  /** The last change was typed, so more may follow. */
  readonly typing: boolean;
  readonly undoLabel: string | null;
  readonly redoLabel: string | null;
  readonly type: (text: string) => void;
  /** Applies a command; gives the reason when it is refused. */
  readonly run: (command: EditCommand) => string | null;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Takes another stored version as base; `text` is what is edited on top of it. */
  readonly rebase: (etag: string, stored: string, text: string) => void;
}

interface State {
  readonly history: History;
  readonly base: { readonly etag: string; readonly text: string };
  readonly typedAt: number;
  readonly typingGroup: number;
  readonly restored: boolean;
}

export function useEditorDocument(key: string, stored: { etag: string; yaml: string }): EditorDocument {
  const [state, setState] = useState<State>(() => initialState(loadDraft(key), stored));
  const text = state.history.present.text;
  const typing = state.history.present.group !== null;
  const settled = useSettled(text, READ_AFTER_MS);
  const read = typing && text.length > LONG_TEXT ? settled : text;
  const document = useMemo(() => PipelineDocument.parse(read), [read]);
  const latest = useRef({ text, document });
  useEffect(() => {
    latest.current = { text, document };
  }, [text, document]);

  useEffect(() => {
    const changed = text !== state.base.text;
    const timer = setTimeout(() => (changed ? storeDraft(key, { text, baseEtag: state.base.etag, baseText: state.base.text }) : forgetDraft(key)), DRAFT_AFTER_MS);
    return () => clearTimeout(timer);
  }, [key, text, state.base]);

  const type = useCallback((next: string) => {
    const now = Date.now();
    setState((before) => {
      const typingGroup = now - before.typedAt > TYPING_PAUSE_MS ? before.typingGroup + 1 : before.typingGroup;
      return { ...before, typedAt: now, typingGroup, history: record(before.history, { text: next, label: say("history.typing"), group: `typing-${typingGroup}` }) };
    });
  }, []);
  const run = useCallback((command: EditCommand) => {
    // What was typed and not read yet is part of what the command changes.
    const { text: typed, document: known } = latest.current;
    const now = known.text === typed ? known : PipelineDocument.parse(typed);
    const reason = command.whyNot(now);
    if (reason !== null) return reason;
    const edited = command.apply(now);
    if (!edited.ok) return edited.reason;
    setState((before) => ({ ...before, history: record(before.history, { text: edited.document.text, label: command.label, group: null }) }));
    return null;
  }, []);
  return {
    document,
    text,
    base: state.base,
    changed: text !== state.base.text,
    restored: state.restored,
    typing,
    undoLabel: state.history.past.length === 0 ? null : state.history.present.label,
    redoLabel: state.history.future[0]?.label ?? null,
    type,
    run,
    undo: useCallback(() => setState((before) => ({ ...before, history: undo(before.history) })), []),
    redo: useCallback(() => setState((before) => ({ ...before, history: redo(before.history) })), []),
    rebase: useCallback(
      (etag, storedText, next) =>
        setState((before) => ({ ...before, restored: false, base: { etag, text: storedText }, history: record(before.history, { text: next, label: say("history.other"), group: null }) })),
      [],
    ),
  };
}

function initialState(draft: Draft | null, stored: { etag: string; yaml: string }): State {
  const restored = draft !== null && draft.text !== stored.yaml;
  // A draft keeps the version it began with: saving it over a newer one is a conflict, not a surprise.
  const base = restored ? { etag: draft.baseEtag, text: draft.baseText } : { etag: stored.etag, text: stored.yaml };
  const history = startHistory(base.text);
  return { base, restored, typedAt: 0, typingGroup: 0, history: restored ? record(history, { text: draft.text, label: say("history.draft"), group: null }) : history };
}
