/**
 * The text pane. The document's history owns undo: CodeMirror only shows the text
 * and reports what was typed, so that one undo takes back a gesture on the canvas
 * as well as a typed word, to the byte.
 */
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { type Diagnostic as Mark, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { Diagnostic } from "../api/types";
import { lineSeparatorOf, toTextOffset, toViewOffset } from "../document/lineEndings";
import { spliceBetween } from "../document/splice";
import { say } from "../words/say";
import { codeTheme } from "./codeTheme";
import { completionsAt, hoverAt } from "./languageHelp";
import { severityOf } from "./severity";

const MARKS = { error: "error", warning: "warning", hint: "info" } as const;
const fromOutside = Annotation.define<boolean>();

export interface YamlEditorProps {
  readonly project: string;
  readonly text: string;
  readonly diagnostics: readonly Diagnostic[];
  /** An offset to bring into view; a new object each time it is asked for. */
  readonly reveal: { readonly offset: number } | null;
  readonly onType: (text: string) => void;
  readonly onCaret: (offset: number) => void;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
}

export function YamlEditor({ project, text, diagnostics, reveal, onType, onCaret, onUndo, onRedo }: YamlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // What the view shows as the document's text; CodeMirror itself knows no byte order mark or CRLF.
  const shown = useRef(text);
  const handlers = useRef({ onType, onCaret, onUndo, onRedo });
  useEffect(() => {
    handlers.current = { onType, onCaret, onUndo, onRedo };
  });

  const separator = lineSeparatorOf(text);
  useEffect(() => {
    if (host.current === null) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: shown.current.replaceAll(separator, "\n"),
        extensions: [
          EditorState.lineSeparator.of(separator),
          lineNumbers(),
          foldGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          bracketMatching(),
          indentOnInput(),
          highlightSelectionMatches(),
          yaml(),
          codeTheme,
          closeBrackets(),
          autocompletion({ override: [completionsAt(project, () => shown.current, separator)], icons: false, activateOnTyping: true }),
          hoverAt(project, () => shown.current, separator),
          EditorState.tabSize.of(2),
          EditorView.contentAttributes.of({ "aria-label": say("yaml.label"), tabindex: "0" }),
          keymap.of([
            { key: "Mod-z", run: () => (handlers.current.onUndo(), true) },
            { key: "Mod-Shift-z", run: () => (handlers.current.onRedo(), true) },
            { key: "Mod-y", run: () => (handlers.current.onRedo(), true) },
            ...completionKeymap,
            ...searchKeymap,
            ...foldKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            const outside = update.transactions.some((transaction) => transaction.annotation(fromOutside));
            if (update.docChanged && !outside) {
              shown.current = update.state.sliceDoc();
              handlers.current.onType(shown.current);
            }
            if ((update.selectionSet || update.docChanged) && !outside) {
              handlers.current.onCaret(toTextOffset(shown.current, update.state.selection.main.head, separator));
            }
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [project, separator]);

  useEffect(() => {
    const change = spliceBetween(shown.current, text);
    if (change === null || view.current === null) return;
    const before = shown.current;
    shown.current = text;
    view.current.dispatch({
      changes: {
        from: toViewOffset(before, change.from, separator),
        to: toViewOffset(before, change.to, separator),
        insert: change.insert.replaceAll(separator, "\n"),
      },
      annotations: fromOutside.of(true),
    });
  }, [text, separator]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const marks = diagnostics.flatMap((diagnostic): Mark[] => {
      if (diagnostic.line < 1 || diagnostic.line > editor.state.doc.lines) return [];
      const line = editor.state.doc.line(diagnostic.line);
      const from = Math.min(line.from + diagnostic.column - 1, line.to);
      return [{ from, to: Math.min(from + Math.max(1, diagnostic.length), line.to), severity: MARKS[severityOf(diagnostic)], message: diagnostic.message }];
    });
    editor.dispatch(setDiagnostics(editor.state, marks));
  }, [diagnostics]);

  useEffect(() => {
    if (reveal === null || view.current === null) return;
    const position = Math.min(toViewOffset(shown.current, reveal.offset, separator), view.current.state.doc.length);
    view.current.dispatch({ selection: { anchor: position }, effects: EditorView.scrollIntoView(position, { y: "start", yMargin: 60 }), annotations: fromOutside.of(true) });
  }, [reveal, separator]);

  return <div ref={host} className="min-h-0 flex-1 overflow-hidden" />;
}
