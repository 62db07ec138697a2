import { useId } from 'react';
import { plainly } from '../parts/marks.ts';
import { UntrustedText } from '../parts/untrusted-text.tsx';
import { texts } from '../texts.ts';
import type { CustomField } from './ui-config.ts';

export const missingFields = (fields: readonly CustomField[], values: Record<string, unknown>): string[] =>
  fields.filter(({ name, required }) => required && values[name] === undefined).map(({ name }) => name);

/** What a team wants said with every answer of a type. */
export function CustomFields({
  fields,
  values,
  onChange,
}: {
  fields: readonly CustomField[];
  values: Record<string, unknown>;
  onChange: (values: Record<string, unknown>) => void;
}) {
  return (
    <fieldset>
      <legend>{texts.decision.fields}</legend>
      {fields.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          value={values[field.name]}
          onChange={(value) => {
            const { [field.name]: _before, ...rest } = values;
            onChange(value === undefined ? rest : { ...rest, [field.name]: value });
          }}
        />
      ))}
    </fieldset>
  );
}

const UNITS: Partial<Record<CustomField['type'], string>> = { currency: '$', percentage: '%' };

function FieldRow({
  field,
  value,
  onChange,
}: {
  field: CustomField;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const id = useId();
  const unit = UNITS[field.type];
  return (
    <div className="field">
      <label htmlFor={id}>
        <UntrustedText text={field.name.replaceAll('_', ' ')} inline />
        {unit !== undefined && ` (${unit})`}
        {field.required && <span aria-hidden="true"> *</span>}
      </label>
      {field.type === 'select' ? (
        <select
          id={id}
          aria-required={field.required}
          value={String(value ?? '')}
          onChange={({ target }) => onChange(target.value || undefined)}
        >
          <option value="">{texts.form.choose}</option>
          {field.options.map((option) => (
            <option key={option} value={option}>
              {plainly(option)}
            </option>
          ))}
        </select>
      ) : field.type === 'boolean' ? (
        <input
          id={id}
          type="checkbox"
          checked={value === true}
          onChange={({ target }) => onChange(target.checked)}
        />
      ) : (
        <input
          id={id}
          type={field.type === 'text' ? 'text' : field.type === 'date' ? 'date' : 'number'}
          step="any"
          aria-required={field.required}
          value={typeof value === 'string' || typeof value === 'number' ? value : ''}
          onChange={({ target }) => onChange(valueOf(field, target))}
        />
      )}
    </div>
  );
}

function valueOf({ type }: CustomField, { value, valueAsNumber }: HTMLInputElement): unknown {
  if (value === '') return undefined;
  return type === 'text' || type === 'date' ? value : valueAsNumber;
}
