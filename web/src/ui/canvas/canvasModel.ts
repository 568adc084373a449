/**
 * What a page can lay over the drawing: states of steps, use of loops, visits of
 * regions. The run page fills all of it, the editor nearly none.
 */
import type { RegionResult } from "../../graph/regionVisits";
import type { EdgeView, GraphView, StepDefinition, StepStatus } from "../../api/types";

export interface StepOverlay {
  readonly status: StepStatus;
  /** In place of the status word, such as "Needs approval". */
  readonly word: string | null;
  readonly visit: number;
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface RegionSegment {
  readonly visit: number;
  readonly result: RegionResult;
  readonly current: boolean;
  readonly pinned: boolean;
}

export interface CanvasOverlay {
  readonly steps: ReadonlyMap<string, StepOverlay>;
  /** By `from to`: several conditions between two steps are one line. */
  readonly edges: ReadonlyMap<string, EdgeView["state"]>;
  /** How often each loop edge has fired, by its edge id. */
  readonly loopsUsed: ReadonlyMap<string, number>;
  /** By the step that the loop leads to. */
  readonly regions: ReadonlyMap<string, readonly RegionSegment[]>;
}

export interface Renaming {
  readonly step: string;
  readonly whyNot: (name: string) => string | null;
  readonly onDone: (name: string) => void;
  readonly onCancel: () => void;
}

export interface CanvasActions {
  readonly selected: string | null;
  readonly onSelect: (step: string | null) => void;
  readonly onRename?: (step: string) => void;
  readonly onPin?: (region: string, visit: number) => void;
}

export interface StepNodeData extends Record<string, unknown> {
  readonly step: DrawnStep;
  readonly overlay: StepOverlay | null;
  readonly selected: boolean;
  readonly problems: number;
  readonly renaming: Renaming | null;
  /** It runs behind the others, however they ended. */
  readonly last: boolean;
  readonly direction: "right" | "down";
  /** Seen from so far away that only its name can be read. */
  readonly brief: boolean;
}

/** What a text says of a step and its compiled form does not. */
export interface DrawnStep extends StepDefinition {
  /** The step type that it uses. */
  readonly uses?: string;
}

/** Steps of `finally` are drawn beside the others. */
export function drawnSteps(graph: GraphView): readonly DrawnStep[] {
  return [...graph.steps, ...(graph.finally ?? [])];
}
