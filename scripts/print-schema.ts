// Writes schema.graphql and the JSON Schema of a supervision configuration from the code; with --check, only says
// whether they are current.
import { readFileSync, writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { schema } from '../src/graphql/schema.ts';
import { configurationJsonSchema } from '../src/supervision/json-schema.ts';

const files: Record<string, () => string> = {
  'schema.graphql': () => `${printSchema(schema)}\n`,
  'docs/supervision.schema.json': configurationJsonSchema,
};

for (const [name, print] of Object.entries(files)) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, print());
  else if (readFileSync(file, 'utf8') !== print()) {
    console.error(`${name} is not what the code says; run: npm run schema`);
    process.exitCode = 1;
  }
}
