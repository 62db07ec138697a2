import type { Analyzer, Finding, Subject } from '../analyzer.ts';
import { commandsInWords } from './code/arguments.ts';
import type { Danger } from './code/danger.ts';
import { ofDockerfile, ofMakefile, ofYaml } from './code/parts.ts';
import { isOutside } from './code/paths.ts';
import { powershellDangers } from './code/powershell.ts';
import { programDangers } from './code/program.ts';
import { shellDangers } from './code/shell-script.ts';
import { type Snippet, snippetsOf } from './code/snippets.ts';
import { sqlDangers } from './code/sql.ts';
import { finding, placeIn } from './matches.ts';

// Dangerous code: found where code stands (code/snippets.ts), read by the grammar of its language, judged by what its
// calls and commands do. For every agent and not for coders alone: a command to be run is dangerous whoever says it.
// HIGH; CRITICAL where a system or a database is wiped, or secrets of the machine are sent out. Code that the prose before
// it warns of ("never do this:") is LOW: the approver sees it, and it counts for nothing.

export const code: Analyzer = {
  name: 'code',
  looksAt: ['INPUT', 'RESPONSE'],
  async analyze(subject) {
    const found: Finding[] = [...writtenOutside(subject)];
    for (const snippet of snippetsOf(subject)) {
      for (const { code: name, level, message, start, end } of await dangersOf(snippet)) {
        const where = placeIn(snippet.text, snippet.start + start, snippet.start + end);
        found.push(
          snippet.warned
            ? finding('CODE', 'LOW', name, `${message}; the text warns of it`, where)
            : finding('CODE', level, name, message, where),
        );
      }
    }
    for (const { text, line } of commandsInWords(subject)) {
      for (const { code: name, level, message } of await shellDangers(line)) {
        const where = placeIn(text, 0, text.text.length);
        found.push({ ...finding('CODE', level, name, message, where), evidence: line });
      }
    }
    return found;
  },
};

async function dangersOf({ language, source }: Snippet): Promise<Danger[]> {
  switch (language) {
    case 'bash':
      return shellDangers(source);
    case 'dockerfile':
      return shellDangers(ofDockerfile(source));
    case 'yaml':
      return shellDangers(ofYaml(source));
    case 'make':
      return shellDangers(ofMakefile(source));
    case 'sql':
      return sqlDangers(source);
    case 'powershell':
      return powershellDangers(source);
    case 'other':
      return [];
    default:
      return programDangers(language, source, shellDangers);
  }
}

const PATH_NAME = /^(?:path|file|filename|file_?path|target|destination)$/i;
const CONTENT_NAME = /\.(?:content|contents|code|patch|source|body|text)$/;

/** A file that an answer brings, with a path that leads out of the work tree. */
function* writtenOutside({ texts }: Subject): Generator<Finding> {
  const contents = new Set(
    texts
      .filter(({ isKey, path }) => !isKey && CONTENT_NAME.test(path))
      .map(({ path }) => path.replace(CONTENT_NAME, '')),
  );
  for (const text of texts) {
    if (text.isKey || !PATH_NAME.test(text.name) || !isOutside(text.text)) continue;
    if (!contents.has(text.path.slice(0, text.path.lastIndexOf('.')))) continue;
    yield finding(
      'CODE',
      'HIGH',
      'writes_outside',
      'It brings a file that lies outside the work tree',
      placeIn(text, 0, text.text.length),
    );
  }
}
