/** A value as indented JSON, in text only: whatever a step printed stays text. */
export function JsonBlock({ value }: { value: unknown }) {
  return <pre className="overflow-auto rounded-control border border-line bg-sunken p-3 text-small leading-5 whitespace-pre-wrap [overflow-wrap:anywhere]">{JSON.stringify(value, null, 2)}</pre>;
}
