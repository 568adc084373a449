/** CodeMirror in our colours. The tokens change with the theme, so one theme serves both. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--color-accent-ink)" },
  { tag: [tags.string, tags.attributeValue], color: "var(--color-ok-ink)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--color-wait-ink)" },
  { tag: tags.comment, color: "var(--color-faint)", fontStyle: "italic" },
  { tag: [tags.labelName, tags.typeName, tags.meta], color: "var(--color-loop-ink)" },
  { tag: [tags.punctuation, tags.separator, tags.bracket, tags.brace, tags.squareBracket], color: "var(--color-muted)" },
]);

export const codeTheme = [
  syntaxHighlighting(highlight),
  EditorView.theme({
    "&": { height: "100%", backgroundColor: "var(--color-surface)", color: "var(--color-ink)", fontSize: "12.5px" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px", fontVariantLigatures: "none", fontFeatureSettings: "normal" },
    ".cm-content": { padding: "10px 0", caretColor: "var(--color-ink)" },
    ".cm-cursor": { borderLeftColor: "var(--color-ink)" },
    ".cm-gutters": { backgroundColor: "var(--color-surface)", color: "var(--color-faint)", border: "none", paddingLeft: "6px" },
    ".cm-activeLine": { backgroundColor: "light-dark(rgb(87 83 198 / 6%), rgb(110 106 222 / 12%))" },
    ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--color-ink)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "light-dark(#d9d8fb, #3f3d78)" },
    ".cm-selectionMatch": { backgroundColor: "var(--color-accent-tint)" },
    ".cm-panels": { backgroundColor: "var(--color-raised)", color: "var(--color-ink)", borderColor: "var(--color-line)" },
    ".cm-tooltip": { backgroundColor: "var(--color-raised)", color: "var(--color-ink)", border: "1px solid var(--color-line)", borderRadius: "6px", fontFamily: "var(--font-sans)" },
    ".cm-diagnostic-error": { borderLeftColor: "var(--color-bad)" },
    ".cm-diagnostic-warning": { borderLeftColor: "var(--color-wait)" },
    ".cm-changedLine": { backgroundColor: "var(--color-ok-tint) !important" },
    ".cm-deletedChunk": { backgroundColor: "var(--color-bad-tint) !important" },
    ".cm-changedText": { background: "light-dark(#b8e6c9, #1f5a3d) !important" },
    ".cm-deletedChunk .cm-deletedText": { background: "light-dark(#fdbdbe, #72232d) !important" },
    ".cm-deletedChunk *, .cm-changedText *": { color: "var(--color-ink) !important" },
    // The squiggles of the lint package are data images, which the security policy forbids.
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--color-bad)", textUnderlineOffset: "3px" },
    ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--color-wait)", textUnderlineOffset: "3px" },
    ".cm-lintRange-info, .cm-lintRange-hint": { backgroundImage: "none", textDecoration: "underline dotted var(--color-faint)", textUnderlineOffset: "3px" },
    ".cm-lintRange-active": { backgroundColor: "var(--color-bad-tint)" },
    ".cm-conflict": { boxShadow: "inset 3px 0 var(--color-wait)" },
    ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: '"⋯"' },
    ".cm-collapsedLines": { background: "var(--color-sunken) !important", color: "var(--color-muted)" },
  }),
];
