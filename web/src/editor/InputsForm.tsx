/** The inputs of the pipeline as a form, shown while no step is selected. A field that is left writes the input. */
import { PencilLine, Plus, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import type { EditCommand } from "../document/editCommand";
import type { PipelineDocument } from "../document/pipelineDocument";
import type { Plain } from "../document/plainValue";
import { renameInput } from "../document/renameInput";
import { removeInput, setInput } from "../document/setInput";
import { Button } from "../ui/Button";
import { CONTROL } from "../ui/SchemaField";
import { say } from "../words/say";
import { inputFields, type InputSchema, inputsOf, shownValue, withValue } from "./inputFields";
import { StepFormField } from "./StepFormField";

export interface InputsFormProps {
  readonly document: PipelineDocument;
  /** Gives the reason when it is refused. */
  readonly run: (command: EditCommand) => string | null;
  readonly onShowText: () => void;
}

export function InputsForm({ document, run, onShowText }: InputsFormProps) {
  const inputs = inputsOf(document.value);
  return (
    <div role="region" aria-label={say("inputs.title")} tabIndex={0} className="min-h-0 flex-1 overflow-auto px-4 py-3 focus-visible:outline-offset-[-2px]">
      <h2 className="text-body font-semibold">{say("inputs.title")}</h2>
      <p className="mt-0.5 mb-3 text-small text-muted">{say(inputs.length === 0 ? "inputs.none" : "inputs.about")}</p>
      <div className="space-y-3">
        {inputs.map(([name, schema]) => (
          <OneInput key={name} name={name} schema={schema} whyNot={(to) => renameInput(name, to).whyNot(document)} run={run} onShowText={onShowText} />
        ))}
      </div>
      <NewInput taken={inputs.map(([name]) => name)} run={run} />
    </div>
  );
}

interface OneInputProps extends Omit<InputsFormProps, "document"> {
  readonly name: string;
  readonly schema: InputSchema;
  /** Why it cannot be called so. */
  readonly whyNot: (name: string) => string | null;
}

function OneInput({ name, schema, whyNot, run, onShowText }: OneInputProps) {
  const [renaming, setRenaming] = useState(false);
  const [added, setAdded] = useState<readonly string[]>([]);
  const [refusal, setRefusal] = useState<{ key: string; reason: string } | null>(null);
  const fields = inputFields(schema);
  const isShown = ({ path, shown }: (typeof fields)[number]) => shown || added.includes(String(path[0]));
  const more = fields.filter((field) => !isShown(field));
  const commit = (key: string, value: Plain | undefined) => {
    const reason = run(setInput(name, withValue(schema, key, value)));
    setRefusal(reason === null ? null : { key, reason });
  };
  return (
    <fieldset aria-label={say("inputs.one", { input: name })} className="rounded-card border border-line px-3 pt-2 pb-3">
      <div className="flex items-center">
        {renaming ? (
          <InputName
            name={name}
            whyNot={whyNot}
            onDone={(to) => {
              setRenaming(false);
              if (to !== null) setRefusal(refusalOf("type", run(renameInput(name, to))));
            }}
          />
        ) : (
          <>
            <h3 className="min-w-0 flex-1 truncate font-mono text-body font-semibold">{name}</h3>
            <button type="button" aria-label={say("inputs.rename", { input: name })} title={say("inputs.rename", { input: name })} onClick={() => setRenaming(true)} className="grid size-7 place-items-center rounded-control text-faint hover:bg-hover hover:text-ink">
              <PencilLine aria-hidden size={14} />
            </button>
          </>
        )}
        <button type="button" aria-label={say("input.remove", { input: name })} title={say("input.remove", { input: name })} onClick={() => setRefusal(refusalOf("type", run(removeInput(name))))} className="grid size-7 place-items-center rounded-control text-faint hover:bg-hover hover:text-bad-ink">
          <Trash2 aria-hidden size={14} />
        </button>
      </div>
      <div className="mt-1 grid grid-cols-2 gap-x-3 gap-y-2.5">
        {fields.filter(isShown).map((field) => {
          const key = String(field.path[0]);
          const wide = key === "description" || key === "enum" || key === "pattern";
          return (
            <div key={key} className={wide ? "col-span-2" : ""}>
              <StepFormField field={field} value={shownValue(schema, key)} refusal={refusal?.key === key ? refusal.reason : null} fixed={field.shown && schema[key] === undefined} onCommit={(value) => commit(key, value)} onShowText={onShowText} />
            </div>
          );
        })}
      </div>
      {more.length > 0 && (
        <select aria-label={say("inputs.constraint", { input: name })} value="" onChange={(event) => setAdded([...added, event.target.value])} className="mt-3 h-7 rounded-control border border-edge bg-surface px-2 text-small text-muted">
          <option value="">{say("inputs.addConstraint")}</option>
          {more.map(({ path }) => (
            <option key={path[0]} value={path[0]}>{path[0]}</option>
          ))}
        </select>
      )}
    </fieldset>
  );
}

/** Its name while it is renamed: Enter takes it, Escape and going away leave it. */
function InputName({ name, whyNot, onDone }: { name: string; whyNot: (name: string) => string | null; onDone: (name: string | null) => void }) {
  const id = useId();
  const [text, setText] = useState(name);
  const problem = text === name ? null : whyNot(text);
  return (
    <div className="min-w-0 flex-1 pr-2">
      <input
        autoFocus
        aria-label={say("inputs.newName", { input: name })}
        value={text}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problem !== null}
        {...(problem === null ? {} : { "aria-describedby": `${id}-problem` })}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => onDone(null)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onDone(null);
          else if (event.key === "Enter" && problem === null) onDone(text === name ? null : text);
          else return;
          event.preventDefault();
        }}
        className={`${CONTROL} h-7 font-mono`}
      />
      {problem !== null && <p id={`${id}-problem`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{problem}</p>}
    </div>
  );
}

function refusalOf(key: string, reason: string | null): { key: string; reason: string } | null {
  return reason === null ? null : { key, reason };
}

function NewInput({ taken, run }: { taken: readonly string[]; run: InputsFormProps["run"] }) {
  const id = useId();
  const [name, setName] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const wrong = name === "" ? null : !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name) ? say("inputs.name") : taken.includes(name) ? say("inputs.taken", { input: name }) : null;
  const problem = wrong ?? refusal;
  return (
    <form
      className="mt-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (name === "" || wrong !== null) return;
        const reason = run(setInput(name, { type: "string" }));
        setRefusal(reason);
        if (reason === null) setName("");
      }}
    >
      <label htmlFor={id} className="mb-1 block text-small font-medium">{say("inputs.new")}</label>
      <div className="flex gap-2">
        <input id={id} value={name} autoComplete="off" spellCheck={false} aria-invalid={problem !== null} {...(problem === null ? {} : { "aria-describedby": `${id}-problem` })} onChange={(event) => setName(event.target.value)} className={`${CONTROL} h-8 font-mono`} />
        <Button type="submit" disabled={name === "" || wrong !== null}>
          <Plus aria-hidden size={14} />
          {say("inputs.add")}
        </Button>
      </div>
      {problem !== null && <p id={`${id}-problem`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{problem}</p>}
    </form>
  );
}
