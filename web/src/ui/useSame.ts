/** Keeps the value that it had while a new one says the same, so that nothing is drawn anew for it. */
import { useState } from "react";

export function useSame<Value>(value: Value, same: (a: Value, b: Value) => boolean): Value {
  const [{ kept, seen }, setState] = useState({ kept: value, seen: value });
  if (seen === value) return kept;
  const next = same(kept, value) ? kept : value;
  setState({ kept: next, seen: value });
  return next;
}
