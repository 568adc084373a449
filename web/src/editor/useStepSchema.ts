/** The JSON Schema of the language, fetched when the form is first opened. */
import { useQuery } from "@tanstack/react-query";
import schemaUrl from "../../../dsl-schema/pipeline.schema.json?url";
import { client } from "../api/client";

export function useStepSchema(): Readonly<Record<string, unknown>> | null {
  const schema = useQuery({ queryKey: ["schema"], queryFn: () => client.asset<Record<string, unknown>>(schemaUrl), staleTime: Number.POSITIVE_INFINITY });
  return schema.data ?? null;
}
