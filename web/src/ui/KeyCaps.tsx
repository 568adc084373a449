/** Keys as they stand on the reader's keyboard: `Mod+K` is ⌘K on a Mac and Ctrl K elsewhere. */
const MAC: Readonly<Record<string, string>> = { Mod: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↵" };
const OTHERS: Readonly<Record<string, string>> = { Mod: "Ctrl", Enter: "↵" };

export function isMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.platform);
}

export function KeyCaps({ keys }: { keys: string }) {
  const names = isMac() ? MAC : OTHERS;
  return (
    <span className="inline-flex shrink-0 gap-1">
      {keys.split("+").map((key) => (
        <kbd key={key} className="grid h-5 min-w-5 place-items-center rounded-[4px] border border-line bg-sunken px-1 font-sans text-micro text-muted">{names[key] ?? key}</kbd>
      ))}
    </span>
  );
}
