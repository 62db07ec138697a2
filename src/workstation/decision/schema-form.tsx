import { type ChangeEvent, useId, useState } from 'react';
import { JsonEditor, parseJson, prettyJson } from '../parts/json-editor.tsx';
import { plainly } from '../parts/marks.ts';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import { escaped, type SchemaFault } from './schema-faults.ts';
import {
  enteredIn,
  type Field,
  fieldOf,
  linesIn,
  type Schema,
  shownIn,
  type TextInput,
  UnreadableJson,
} from './schema-fields.ts';

interface FieldProps {
  name: string;
  schema: Schema;
  required: boolean;
  value: unknown;
  path: string;
  faults: readonly SchemaFault[];
  depth: number;
  onChange: (value: unknown) => void;
}

/** The form of an answer. `faults` are shown at the fields that they are of. */
export function SchemaForm({
  schema,
  value,
  faults,
  onChange,
}: {
  schema: Schema;
  value: unknown;
  faults: readonly SchemaFault[];
  onChange: (value: unknown) => void;
}) {
  return (
    <FieldOf
      name=""
      schema={schema}
      required
      value={value}
      path=""
      faults={faults}
      depth={0}
      onChange={onChange}
    />
  );
}

function FieldOf(props: FieldProps) {
  const field = fieldOf(props.schema, props.depth);
  if (field.kind === 'group') return <GroupField {...props} field={field} />;
  if (field.kind === 'json') return <JsonField {...props} />;
  return <PlainField {...props} field={field} />;
}

function GroupField({ field, ...props }: FieldProps & { field: Field & { kind: 'group' } }) {
  const { name, schema, value, path, faults, depth, onChange } = props;
  const values = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const fields = field.fields.map(([inner, innerSchema, required]) => (
    <FieldOf
      key={inner}
      name={inner}
      schema={innerSchema}
      required={required}
      value={values[inner]}
      path={`${path}/${escaped(inner)}`}
      faults={faults}
      depth={depth + 1}
      onChange={(next) => {
        const { [inner]: _before, ...rest } = values;
        onChange(next === undefined ? rest : { ...rest, [inner]: next });
      }}
    />
  ));
  const own = faults.filter(({ at }) => at === path);
  if (depth === 0)
    return (
      <>
        {fields}
        <Faults faults={own} />
      </>
    );
  return (
    <fieldset>
      <legend>
        <UntrustedText text={schema.title ?? name} inline />
      </legend>
      {fields}
      <Faults faults={own} />
    </fieldset>
  );
}

function JsonField({ name, schema, required, value, path, faults, onChange }: FieldProps) {
  const [text, setText] = useState(value === undefined ? '' : prettyJson(value));
  return (
    <>
      <JsonEditor
        label={`${plainly(schema.title ?? (name || texts.form.answer))}${required && name !== '' ? ' *' : ''}`}
        text={text}
        onChange={(next) => {
          setText(next);
          if (next.trim() === '') return onChange(undefined);
          const parsed = parseJson(next);
          onChange(parsed.ok ? parsed.value : new UnreadableJson(texts.json.fault(parsed.fault)));
        }}
      />
      <Faults faults={within(faults, path)} />
    </>
  );
}

/** Of what has one field for all that is in it. */
const within = (faults: readonly SchemaFault[], path: string): SchemaFault[] =>
  faults.filter(({ at }) => at === path || at.startsWith(`${path}/`));

function PlainField({ field, ...props }: FieldProps & { field: Exclude<Field, { kind: 'group' | 'json' }> }) {
  const { name, schema, required, value, path, faults } = props;
  const id = useId();
  const own = within(faults, path);
  const hint = hintOf(field);
  const label = (
    <>
      <UntrustedText text={schema.title ?? (name || texts.form.answer)} inline />
      {required && <span aria-hidden="true"> *</span>}
    </>
  );
  const described = `${id}-hint ${id}-fault`;
  return (
    <div className="field">
      {field.kind === 'some-of' ? (
        <SomeOf choices={field.choices} value={value} label={label} onChange={props.onChange} />
      ) : (
        <>
          <label htmlFor={id}>{label}</label>
          <Input
            field={field}
            id={id}
            required={required}
            value={value}
            invalid={own.length > 0}
            described={described}
            onChange={props.onChange}
          />
        </>
      )}
      <div id={`${id}-hint`} className="faint">
        {schema.description !== undefined && <UntrustedText text={schema.description} />}
        {hint !== null && <span>{hint}</span>}
      </div>
      <div id={`${id}-fault`}>
        <Faults faults={own} />
      </div>
    </div>
  );
}

function Input({
  field,
  id,
  required,
  value,
  invalid,
  described,
  onChange,
}: {
  field: Exclude<Field, { kind: 'group' | 'json' | 'some-of' }>;
  id: string;
  required: boolean;
  value: unknown;
  invalid: boolean;
  described: string;
  onChange: (value: unknown) => void;
}) {
  const shared = { id, 'aria-invalid': invalid, 'aria-describedby': described, 'aria-required': required };
  switch (field.kind) {
    case 'one-of':
    case 'yes-no': {
      const choices = field.kind === 'yes-no' ? [true, false] : field.choices;
      const words = (choice: unknown) =>
        choice === true ? texts.yes : choice === false ? texts.no : String(choice);
      return (
        <select
          {...shared}
          value={choices.indexOf(value)}
          onChange={({ target }) => onChange(choices[Number(target.value)])}
        >
          <option value={-1}>{texts.form.choose}</option>
          {choices.map((choice, index) => (
            <option key={String(choice)} value={index}>
              {plainly(words(choice))}
            </option>
          ))}
        </select>
      );
    }
    case 'number':
      return (
        <input
          {...shared}
          type="number"
          step={field.whole ? 1 : 'any'}
          value={typeof value === 'number' ? value : ''}
          onChange={({ target }) => onChange(target.value === '' ? undefined : target.valueAsNumber)}
        />
      );
    case 'text':
      return <TextField {...shared} input={field.input} value={value} onChange={onChange} />;
    case 'lines':
      return <LinesField {...shared} value={value} onChange={onChange} />;
  }
}

const hintOf = (field: Field): string | null =>
  field.kind === 'lines'
    ? texts.form.lines
    : field.kind === 'text' && (field.input === 'datetime-local' || field.input === 'time')
      ? texts.form.localTime
      : null;

type FieldAttributes = Record<'id' | 'aria-describedby', string> &
  Record<'aria-invalid' | 'aria-required', boolean>;

/** What is written stays as it is written, whatever the answer makes of it. */
function TextField({
  input,
  value,
  onChange,
  ...shared
}: FieldAttributes & { input: TextInput; value: unknown; onChange: (value: unknown) => void }) {
  const [text, setText] = useState(() => shownIn(input, value));
  const written = {
    ...shared,
    value: text,
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      setText(target.value);
      onChange(enteredIn(input, target.value));
    },
  };
  return input === 'textarea' ? <textarea {...written} rows={2} /> : <input {...written} type={input} />;
}

function LinesField({
  value,
  onChange,
  ...shared
}: FieldAttributes & { value: unknown; onChange: (value: unknown) => void }) {
  const [text, setText] = useState(() => (Array.isArray(value) ? value.join('\n') : ''));
  return (
    <textarea
      {...shared}
      rows={Math.min(12, Math.max(3, text.split('\n').length + 1))}
      value={text}
      onChange={({ target }) => {
        setText(target.value);
        onChange(linesIn(target.value));
      }}
    />
  );
}

function SomeOf({
  choices,
  value,
  label,
  onChange,
}: {
  choices: readonly unknown[];
  value: unknown;
  label: React.ReactNode;
  onChange: (value: unknown) => void;
}) {
  const chosen = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    <fieldset>
      <legend>{label}</legend>
      {choices.map((choice) => (
        <label key={String(choice)} className="check">
          <input
            type="checkbox"
            checked={chosen.includes(choice)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, choice] : chosen.filter((other) => other !== choice))
            }
          />
          <UntrustedText text={String(choice)} inline />
        </label>
      ))}
    </fieldset>
  );
}

const Faults = ({ faults }: { faults: readonly SchemaFault[] }) =>
  faults.map(({ at, message }) => (
    <p key={at + message} className="fault" role="alert">
      {plainly(message)}
    </p>
  ));
