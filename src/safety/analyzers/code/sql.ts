import { type Danger, type Verdict, verdicts } from './danger.ts';

// SQL is read by its words, not by a grammar: statements are parted at semicolons outside strings and comments, and the
// first words of each, with the presence of WHERE, say what it does. Dialects differ in the rest.

/** The same length, with comments, strings and quoted names blanked. */
function bare(sql: string): string {
  return sql.replace(
    /--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|\$\$(?:[^$]|\$(?!\$))*(?:\$\$|$)/g,
    (part) => part.replace(/[^\n]/g, ' '),
  );
}

export function sqlDangers(sql: string): Danger[] {
  const dangers: Danger[] = [];
  let start = 0;
  for (const statement of bare(sql).split(';')) {
    const verdict = judge(statement.replace(/\s+/g, ' ').trim());
    const from = start + statement.search(/\S|$/);
    if (verdict) dangers.push({ ...verdict, start: from, end: start + statement.trimEnd().length });
    start += statement.length + 1;
  }
  return dangers;
}

function judge(statement: string): Verdict | null {
  if (/^drop (?:database|schema)\b/i.test(statement)) return verdicts.wipesDatabase;
  if (/^drop (?:owned by|user|role)\b/i.test(statement)) return verdicts.deletesData;
  if (/^drop table\b/i.test(statement))
    return /\b(?:tmp|temp|backup|old|legacy|test|staging|import)\w*|_(?:tmp|temp|bak|old)\b/i.test(statement)
      ? null
      : verdicts.deletesData;
  if (/^truncate\b/i.test(statement)) return verdicts.deletesData;
  if (/^(?:with\b.*\))?\s?delete from [\w."`[\]]+(?: (?:as )?\w+)?(?: returning\b.*)?$/i.test(statement))
    return verdicts.deletesData;
  if (/^update [\w."`[\]]+(?: (?:as )?\w+)? set (?!.*\bwhere\b)/i.test(statement))
    return verdicts.deletesData;
  if (/^grant all\b.*\bto (?:public|'?%|anonymous)/i.test(statement)) return verdicts.openPermissions;
  if (/^(?:exec(?:ute)? )?(?:master\.\.)?xp_cmdshell\b|^copy .* (?:to|from) program\b/i.test(statement))
    return verdicts.shellInjection;
  return null;
}

/** Looks like the beginning of a statement: in any case where it is given to a database, in capitals anywhere else. */
export const isSql = (text: string, givenToDatabase: boolean): boolean =>
  /^\s*(?:SELECT\s.*\sFROM|INSERT\s+INTO|UPDATE\s.*\sSET|DELETE\s+FROM|DROP\s|ALTER\s+TABLE|CREATE\s+TABLE|MERGE\s+INTO|REPLACE\s+INTO|TRUNCATE\s|WITH\s.*\sAS\s)/s.test(
    givenToDatabase ? text.toUpperCase() : text,
  );
