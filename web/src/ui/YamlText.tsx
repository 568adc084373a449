/** YAML to read, with line numbers. The editable one lives in the editor. */
export function YamlText({ text, label }: { text: string; label: string }) {
  const lines = text.split(/\r\n|\n/);
  return (
    <div role="region" aria-label={label} tabIndex={0} className="h-full overflow-auto bg-surface py-3 font-mono text-small leading-5">
      {lines.map((line, at) => (
        <div key={at} className="flex min-w-max px-4">
          <span aria-hidden className="w-8 shrink-0 pr-3 text-right text-faint select-none">{at + 1}</span>
          <span className={`whitespace-pre ${/^\s*#/.test(line) ? "text-faint italic" : ""}`}>{line}</span>
        </div>
      ))}
    </div>
  );
}
