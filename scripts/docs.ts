// npm run docs: writes what the README says of the code from the code: the configuration table.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderConfigurationTable } from '../src/environment.ts';

const file = new URL('../README.md', import.meta.url);
const marked = /(<!-- configuration:[^>]*-->\n)[\s\S]*?(<!-- \/configuration -->)/;
writeFileSync(
  file,
  readFileSync(file, 'utf8').replace(
    marked,
    (_, begin: string, end: string) => `${begin}${renderConfigurationTable()}\n${end}`,
  ),
);
