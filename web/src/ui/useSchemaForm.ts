/** The state of a generated form: what was typed, what is wrong with it, its values. */
import { useState } from "react";
import { type Field, typedValue } from "./schemaField";

export interface SchemaForm {
  readonly textOf: (field: Field) => string;
  readonly errorOf: (field: Field) => string | null;
  readonly change: (field: Field, text: string) => void;
  /** Null when something cannot be read; the fields then show why. */
  readonly read: () => Record<string, unknown> | null;
  /** Shows what the server objects to at the fields its pointers name; false when none is meant. */
  readonly blame: (objections: readonly { readonly pointer: string; readonly message: string }[]) => boolean;
}

export function useSchemaForm(fields: readonly Field[]): SchemaForm {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const textOf = (field: Field) => texts[field.name] ?? field.initial;
  return {
    textOf,
    errorOf: (field) => errors[field.name] ?? null,
    change: (field, text) => {
      setTexts({ ...texts, [field.name]: text });
      setErrors(Object.fromEntries(Object.entries(errors).filter(([name]) => name !== field.name)));
    },
    read: () => {
      const values: Record<string, unknown> = {};
      const found: Record<string, string> = {};
      for (const field of fields) {
        const typed = typedValue(field, textOf(field));
        if (!typed.ok) found[field.name] = typed.reason;
        else if (typed.value !== undefined) values[field.name] = typed.value;
      }
      setErrors(found);
      return Object.keys(found).length === 0 ? values : null;
    },
    blame: (objections) => {
      const found = objections.flatMap(({ pointer, message }) => {
        const field = fields.find(({ name }) => pointer.split("/").includes(name));
        return field === undefined ? [] : [[field.name, message] as const];
      });
      setErrors(Object.fromEntries(found));
      return found.length > 0;
    },
  };
}
