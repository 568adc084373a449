/** A half-open range `[from, to)` of offsets in a text. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}
