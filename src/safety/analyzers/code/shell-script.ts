import { type Danger, verdicts } from './danger.ts';
import { parse } from './grammars.ts';
import { programDangers } from './program.ts';
import { commandsOf } from './shell.ts';
import { embedded, forkBombs, judgeCommand } from './shell-rules.ts';
import { sqlDangers } from './sql.ts';

/** Scripts within scripts that are read: `ssh a "ssh b 'bash -c …'"`. */
const MAX_NESTING = 4;

export async function shellDangers(source: string, nesting = 0): Promise<Danger[]> {
  const tree = await parse('bash', withoutPrompts(source));
  try {
    const root = tree.rootNode;
    const dangers: Danger[] = forkBombs(root).map((node) => ({
      ...verdicts.forkBomb,
      start: node.startIndex,
      end: node.endIndex,
    }));
    for (const command of commandsOf(root)) {
      const { startIndex: start, endIndex: end } = command.node;
      const verdict = judgeCommand(command);
      if (verdict) dangers.push({ ...verdict, start, end });
      const inner = nesting < MAX_NESTING ? embedded(command) : null;
      if (inner)
        for (const danger of await dangersWithin(inner, nesting + 1)) dangers.push({ ...danger, start, end });
    }
    return dangers;
  } finally {
    tree.delete();
  }
}

async function dangersWithin(
  { language, source }: { language: 'bash' | 'sql' | 'python' | 'tsx'; source: string },
  nesting: number,
): Promise<Danger[]> {
  if (source.length > 20_000) return [];
  if (language === 'sql') return sqlDangers(source);
  if (language === 'bash') return shellDangers(source, nesting);
  return programDangers(language, source, (script) => shellDangers(script, nesting));
}

/** `$ command` of a transcript, with the prompt blanked. */
const withoutPrompts = (source: string): string => source.replace(/^\$ (?=[a-z./])/gm, '  ');
