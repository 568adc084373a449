/** `/settings/keyboard`: every key that the pages know, by where it works. */
import { KeyCaps } from "../../ui/KeyCaps";
import { say, type Words } from "../../words/say";
import { SettingsFrame } from "../settings/SettingsFrame";

interface Shortcut {
  readonly words: Words;
  readonly keys: readonly string[];
}

const PLACES: readonly { readonly title: Words; readonly shortcuts: readonly Shortcut[] }[] = [
  { title: "keys.everywhere", shortcuts: [{ words: "palette.commands", keys: ["Mod+K"] }, { words: "keys.close", keys: ["Esc"] }] },
  {
    title: "keys.editor",
    shortcuts: [
      { words: "editor.save", keys: ["Mod+S"] },
      { words: "editor.undo", keys: ["Mod+Z"] },
      { words: "editor.redo", keys: ["Mod+Shift+Z", "Mod+Y"] },
      { words: "keys.completion", keys: ["Ctrl+Space"] },
      { words: "keys.findText", keys: ["Mod+F"] },
    ],
  },
  {
    title: "keys.graph",
    shortcuts: [
      { words: "keys.along", keys: ["←", "→", "↑", "↓"] },
      { words: "canvas.search", keys: ["/"] },
      { words: "keys.select", keys: ["Enter"] },
      { words: "keys.addToSelection", keys: ["Shift+Enter"] },
      { words: "keys.all", keys: ["Mod+A"] },
      { words: "panel.rename", keys: ["F2"] },
      { words: "panel.addBehind", keys: ["A"] },
      { words: "panel.connect", keys: ["C"] },
      { words: "panel.duplicate", keys: ["Mod+D"] },
      { words: "keys.clipboard", keys: ["Mod+C", "Mod+V"] },
      { words: "panel.delete", keys: ["Delete"] },
    ],
  },
  { title: "keys.run", shortcuts: [{ words: "keys.moments", keys: ["←", "→"] }, { words: "log.next", keys: ["Enter"] }, { words: "log.previous", keys: ["Shift+Enter"] }] },
];

export function KeyboardPage() {
  return (
    <SettingsFrame title={say("settings.keyboard")}>
      <div className="grid max-w-4xl gap-x-12 gap-y-8 px-4 py-8 sm:px-6 md:grid-cols-2">
        {PLACES.map(({ title, shortcuts }) => (
          <section key={title} aria-label={say(title)}>
            <h2 className="mb-1 text-title font-semibold">{say(title)}</h2>
            <dl>
              {shortcuts.map(({ words, keys }) => (
                <div key={words} className="flex min-h-9 items-center justify-between gap-4 border-b border-line py-1">
                  <dt className="text-body">{say(words)}</dt>
                  <dd className="flex flex-wrap justify-end gap-2">
                    {keys.map((one) => (
                      <KeyCaps key={one} keys={one} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </SettingsFrame>
  );
}
