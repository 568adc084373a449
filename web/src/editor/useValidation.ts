/** The compiler's opinion of the text, asked for when typing pauses. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { client } from "../api/client";
import type { Validation } from "../api/types";

const PAUSE_MS = 300;

export interface Validated {
  readonly answer: Validation | null;
  /** Whether the answer is about this very text. */
  readonly current: boolean;
  readonly error: unknown;
}

/** Typing is waited for; what a gesture did is asked about at once. */
export function useValidation(project: string, text: string, typing: boolean): Validated {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typing ? PAUSE_MS : 0);
    return () => clearTimeout(timer);
  }, [text, typing]);
  const validation = useQuery({
    // The key is the text itself: a long one is not spelled out again with every letter.
    queryKeyHashFn: ([what, among, of]) => `${String(what)} ${String(among)} ${String(of)}`,
    queryKey: ["validate", project, settled],
    queryFn: ({ signal }) => client.validate(project, settled, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
  });
  return { answer: validation.data ?? null, current: settled === text && !validation.isPlaceholderData && validation.data !== undefined, error: validation.error };
}
