/** Pipelines to start from. Each one runs as it is. */
import type { Words } from "../../words/say";
import hello from "./hello.yaml?raw";
import release from "./release.yaml?raw";
import sideBySide from "./side-by-side.yaml?raw";

export interface Sample {
  readonly name: string;
  readonly title: Words;
  readonly about: Words;
  readonly yaml: string;
}

export const SAMPLES: readonly Sample[] = [
  { name: "release", title: "home.sample.release", about: "home.sample.release.about", yaml: release },
  { name: "side-by-side", title: "home.sample.fan", about: "home.sample.fan.about", yaml: sideBySide },
  { name: "hello", title: "home.sample.blank", about: "home.sample.blank.about", yaml: hello },
];
