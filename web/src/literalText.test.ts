/**
 * Whatever people read comes from the catalogues. This reads the sources and finds
 * text that stands beside them: in elements, in attributes that are read out or
 * shown, and sentences in any string.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { english } from "./words/english";

/** Attributes, and our own properties, whose value people see or hear. */
const READ = new Set(["aria-label", "aria-valuetext", "aria-roledescription", "title", "placeholder", "alt", "label", "description", "what", "none", "text", "words"]);
/** Names, keys of the language and what stands in files: the same in every language. */
const SAME_EVERYWHERE = new Set(["Loopline", "YAML", "on", "if", "max", "delay", "visit < 3", "90s", "Go on?"]);
const LETTERS = /\p{L}{2,}/u;
const SENTENCE = /^[A-Z][a-z]+ [a-z`{]/;

const root = import.meta.dirname;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$|^words|\.d\.ts$/.test(file));

function literalText(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const found: string[] = [];
  const blame = (node: ts.Node, words: string) => {
    const plain = words.trim().replace(/\s+/g, " ");
    if (!SAME_EVERYWHERE.has(plain) && !(plain in english)) found.push(`line ${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${plain}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && LETTERS.test(node.text)) blame(node, node.text);
    const pieces = piecesOf(node);
    for (const piece of pieces) {
      if (isShown(node) ? LETTERS.test(piece) : SENTENCE.test(piece) && !within(node, ts.isThrowStatement)) blame(node, piece);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The text of a string or of a template between its holes. */
function piecesOf(node: ts.Node): string[] {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map((span) => span.literal.text)] : [];
}

/** A child of an element, or the value of an attribute that is read; not what only helps to find it. */
function isShown(node: ts.Node): boolean {
  let inner = node;
  for (let outer = node.parent; outer !== undefined; inner = outer, outer = outer.parent) {
    // What is to be typed into a terminal is no sentence.
    if (ts.isJsxAttribute(outer)) return READ.has(outer.name.getText()) && !outer.parent.parent.getText().startsWith("<CopyableCommand");
    if (ts.isJsxExpression(outer) && !ts.isJsxAttribute(outer.parent)) return true;
    // What stands in a condition, a call or an index is no text.
    if (ts.isCallExpression(outer) || ts.isElementAccessExpression(outer) || ts.isArrowFunction(outer) || ts.isArrayLiteralExpression(outer) || ts.isObjectLiteralExpression(outer)) return false;
    if (ts.isConditionalExpression(outer) && outer.condition === inner) return false;
    if (ts.isBinaryExpression(outer) && outer.operatorToken.kind !== ts.SyntaxKind.AmpersandAmpersandToken && outer.operatorToken.kind !== ts.SyntaxKind.QuestionQuestionToken) return false;
  }
  return false;
}

function within(node: ts.Node, is: (node: ts.Node) => boolean): boolean {
  for (let outer = node.parent; outer !== undefined; outer = outer.parent) if (is(outer)) return true;
  return false;
}

it.each([
  ["text", "<p>Hello there</p>"],
  ["a text in a condition", '<p>{ready ? "Ready" : "Not yet"}</p>'],
  ["a template", "<p>{`${count} lines`}</p>"],
  ["a label", '<nav aria-label="Main" />'],
  ["a label that is put together", "<nav aria-label={`Loop to ${step}`} />"],
  ["a sentence that is given back", 'const why = () => "There is no such step.";'],
])("finds %s", (_, text) => expect(literalText("x.tsx", text)).not.toEqual([]));

it.each([
  ["words of the catalogue", '<p title={say("common.cancel")}>{say(late ? "common.close" : "common.apply")}</p>'],
  ["classes and roles", '<p role="status" className={late ? "bg-bad text-ink" : "bg-ok"}>{count}</p>'],
  ["comparisons", '<p>{status === "failed" && <b>{status}</b>}</p>'],
  ["what is thrown at developers", 'throw new Error("The invariant is broken");'],
])("lets %s be", (_, text) => expect(literalText("x.tsx", text)).toEqual([]));

it.each(files)("%s says nothing that stands outside of the catalogues", (file) => {
  expect(literalText(file, readFileSync(join(root, file), "utf8"))).toEqual([]);
});
