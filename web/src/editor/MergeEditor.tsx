/**
 * Their text beside the merge, which can be edited; each difference can be taken
 * over. Loaded when two have saved.
 */
import { MergeView } from "@codemirror/merge";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { type ChangeSpec, EditorState, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { lineSeparatorOf, toTextOffset, toViewOffset } from "../document/lineEndings";
import { say } from "../words/say";
import { codeTheme } from "./codeTheme";

/** Where a conflict stands in the merge, by offsets of its text. */
export interface MergePlace {
  readonly from: number;
  readonly to: number;
}

export interface MergeEditorHandle {
  /** Puts another text in the place of a conflict. */
  readonly replace: (conflict: number, text: string) => void;
}

export interface MergeEditorProps {
  readonly ref: Ref<MergeEditorHandle>;
  readonly theirs: string;
  readonly start: { readonly text: string; readonly places: readonly MergePlace[] };
  readonly onChange: (text: string, places: readonly MergePlace[]) => void;
}

const placed = StateEffect.define<{ readonly at: number; readonly place: MergePlace }>();
const marked = Decoration.line({ class: "cm-conflict" });

export function MergeEditor({ ref, theirs, start, onChange }: MergeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const places = useRef<StateField<readonly MergePlace[]> | null>(null);
  const begun = useRef(start);
  const tell = useRef(onChange);
  useEffect(() => {
    tell.current = onChange;
  });

  useEffect(() => {
    if (host.current === null) return;
    const { text, places: first } = begun.current;
    const separator = lineSeparatorOf(text);
    const field = placesField(first.map(({ from, to }) => ({ from: toViewOffset(text, from, separator), to: toViewOffset(text, to, separator) })));
    const label = (words: string) => EditorView.contentAttributes.of({ "aria-label": words, tabindex: "0" });
    const merge = new MergeView({
      parent: host.current,
      a: { doc: theirs.replaceAll(lineSeparatorOf(theirs), "\n"), extensions: [lineNumbers(), yaml(), codeTheme, EditorState.readOnly.of(true), label(say("merge.theirs"))] },
      b: {
        doc: text.replaceAll(separator, "\n"),
        extensions: [
          EditorState.lineSeparator.of(separator),
          lineNumbers(),
          history(),
          keymap.of([...historyKeymap, ...defaultKeymap]),
          yaml(),
          codeTheme,
          label(say("merge.result")),
          field,
          EditorView.decorations.compute([field, "doc"], (state) => conflictLines(state, state.field(field))),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (!docChanged) return;
            const now = state.sliceDoc();
            tell.current(now, state.field(field).map(({ from, to }) => ({ from: toTextOffset(now, from, separator), to: toTextOffset(now, to, separator) })));
          }),
        ],
      },
      revertControls: "a-to-b",
      renderRevertControl: takeButton,
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    view.current = merge.b;
    places.current = field;
    return () => {
      merge.destroy();
      view.current = null;
    };
  }, [theirs]);

  useImperativeHandle(
    ref,
    () => ({
      replace: (conflict, text) => {
        const [editor, field] = [view.current, places.current];
        const place = field === null ? undefined : editor?.state.field(field)[conflict];
        if (editor === null || place === undefined) return;
        const insert = text.replaceAll("\r\n", "\n");
        const changes: ChangeSpec = { from: place.from, to: place.to, insert };
        editor.dispatch({ changes, effects: [placed.of({ at: conflict, place: { from: place.from, to: place.from + insert.length } }), EditorView.scrollIntoView(place.from, { y: "center" })] });
      },
    }),
    [],
  );
  return <div ref={host} className="border-t border-line" />;
}

/** Conflicts keep their places while the text around and inside of them is edited. */
function placesField(first: readonly MergePlace[]): StateField<readonly MergePlace[]> {
  return StateField.define<readonly MergePlace[]>({
    create: () => first,
    update: (before, transaction) => {
      const after = transaction.docChanged ? before.map(({ from, to }) => ({ from: transaction.changes.mapPos(from, -1), to: transaction.changes.mapPos(to, 1) })) : [...before];
      // Another text in the whole of a place pushes its neighbours' edges aside, not its own.
      for (const effect of transaction.effects) if (effect.is(placed)) after[effect.value.at] = effect.value.place;
      return after;
    },
  });
}

function conflictLines(state: EditorState, places: readonly MergePlace[]): DecorationSet {
  const lines = new Set<number>();
  for (const { from, to } of places) for (let at = from; at < to; at = state.doc.lineAt(at).to + 1) lines.add(state.doc.lineAt(at).from);
  const builder = new RangeSetBuilder<Decoration>();
  for (const from of [...lines].toSorted((a, b) => a - b)) builder.add(from, from, marked);
  return builder.finish();
}

/** The merge view listens to the mouse alone; a key presses the mouse for those who have none. */
function takeButton(): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "→";
  button.title = say("merge.takeHunk");
  button.setAttribute("aria-label", say("merge.takeHunk"));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    button.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, button: 0 }));
  });
  return button;
}
