/**
 * Edits a YAML text and, beside it, the value it should mean afterwards. Each
 * call splices the text and changes the value; in the end both are compared, so
 * a splice that reached further than meant (through an anchor, say) is refused
 * and never kept.
 */
import { parseDocument } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";
import { insertItem, removeItem } from "./itemSplices";
import { insertPair, insertPairLines, type PairPlace, removePair } from "./pairSplices";
import { clonePlain, isPlainMap, type Plain, type PlainMap } from "./plainValue";
import { respell } from "./respell";
import { applySplices, type Splice } from "./splice";
import { type Path, WrittenYaml } from "./writtenYaml";

export class YamlEditing {
  text: string;
  readonly value: Plain;
  readonly #blamed = new Set<string>();

  constructor(text: string, value: Plain) {
    this.text = text;
    this.value = clonePlain(value);
  }

  get yaml(): WrittenYaml {
    return new WrittenYaml(this.text);
  }

  /** What the path means in the value as edited so far; undefined where there is nothing. */
  read(path: Path): Plain | undefined {
    let value: Plain | undefined = this.value;
    for (const step of path) {
      if (Array.isArray(value)) value = value[Number(step)];
      else if (isPlainMap(value) && Object.hasOwn(value, step)) value = value[step];
      else return undefined;
    }
    return value;
  }

  /** Sets a key, wherever its mapping is written; makes the mapping when it is missing. */
  set(path: Path, value: Plain, place: PairPlace = { kind: "last" }): void {
    const [above, key] = [path.slice(0, -1), String(path.at(-1))];
    const parent = this.read(above);
    if (above.length > 0 && (parent === undefined || parent === null)) return this.set(above, { [key]: value }, place);
    if (!isPlainMap(parent)) throw new CannotSplice(say("edit.odd", { key: String(above.at(-1) ?? "") }));
    const yaml = this.yaml;
    const mapping = yaml.root === null && above.length === 0 ? null : yaml.mapping(above);
    const written = mapping === null ? null : yaml.findPair(mapping, key);
    // A key that is only merged gets a line of its own, which wins.
    this.#splice(path, written === null ? insertPair(yaml, above, key, value, place) : respell(yaml, path, value));
    parent[key] = clonePlain(value);
  }

  /** Adds a pair whose lines are given as they are to stand, but for their margin. */
  insertLines(above: Path, key: string, lines: readonly string[], value: Plain, place: PairPlace): void {
    const parent = this.read(above);
    if (!isPlainMap(parent)) throw new CannotSplice(say("edit.odd", { key: String(above.at(-1) ?? "") }));
    this.#splice(above, insertPairLines(this.yaml, above, key, lines, value, place));
    parent[key] = clonePlain(value);
  }

  remove(path: Path): void {
    const [above, last] = [path.slice(0, -1), path.at(-1)];
    const parent = this.read(above);
    if (Array.isArray(parent)) {
      this.#splice(path, removeItem(this.yaml, above, Number(last)));
      parent.splice(Number(last), 1);
    } else if (isPlainMap(parent)) {
      this.#splice(path, removePair(this.yaml, above, String(last)));
      delete parent[String(last)];
    }
  }

  append(path: Path, value: Plain): void {
    const list = this.read(path);
    if (!Array.isArray(list)) throw new CannotSplice(say("edit.odd", { key: String(path.at(-1) ?? "") }));
    this.#splice(path, insertItem(this.yaml, path, value));
    list.push(clonePlain(value));
  }

  /** Replaces the text of a scalar, a key for instance, by another; the value is changed by `mean`. */
  spliceText(path: Path, splices: readonly Splice[], mean: (value: PlainMap) => void): void {
    this.#splice(path, splices);
    if (isPlainMap(this.value)) mean(this.value);
  }

  /** Why the text does not mean what was intended. */
  blame(): string {
    const [anchor] = this.#blamed;
    return anchor === undefined ? say("edit.unsafe") : say("edit.shared", { anchor });
  }

  #splice(path: Path, splices: readonly Splice[]): void {
    for (const anchor of this.yaml.sharedAnchors(path)) this.#blamed.add(anchor);
    this.text = applySplices(this.text, splices);
    if (parseDocument(this.text, { strict: true, logLevel: "silent" }).errors.length > 0) throw new CannotSplice(this.blame());
  }
}
