import { setTimeout as delay } from 'node:timers/promises';
import type { Ids } from '../kernel/ids.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { Kept, Vault } from '../secrets/vault.ts';
import type { Place } from '../safety/analyzer.ts';
import { isBrief } from '../safety/safety.ts';
import type { Aggregate, Change } from '../sessions/aggregate.ts';
import { conceal, concealWords, type PrivacySettings, type Range, type Text, textKey } from './conceal.ts';
import { tokensIn } from './tokens.ts';

/** What takes the sensitive values out of changes before they are written (behaviour 8.8). */
export interface Privacy {
  /**
   * Takes them out of the change, in place, and answers with what is to be kept of it; null: something of it is to be
   * looked at first, and nothing was changed. `command` is what the change was decided for, again and again; what it was
   * decided by was shown `revealed` of what had been taken out before.
   */
  conceal(
    command: { readonly revealed?: readonly Json[] },
    change: Change,
    before: Aggregate | null,
    settings: PrivacySettings | null,
  ): Kept[] | null;
  /** Whether `look` takes next to no time, so that a change may wait for it while others wait for the change. */
  isSoon(command: object): boolean;
  /** Has what `conceal` found unseen analysed: aside, for it may take as long as an analyzer may. */
  look(command: object): Promise<void>;
  /**
   * The words of an act that is about no session, without what is sensitive, and what is to be kept of them with the change
   * that says them. Called before that change's transaction, for it may take as long as an analyzer may; where nobody can
   * wait so long, `within` milliseconds: what has not been looked at by then is all sensitive.
   */
  takeOut<Words extends JsonObject>(of: Whose, words: Words, within?: number): Promise<TakenOut<Words>>;
}

/** In which project words are said, and by which person; null: by nobody. `settings`: what the team that they are about says. */
export type Whose = Pick<Kept, 'projectId' | 'saidById'> & { settings?: PrivacySettings | null };

export interface TakenOut<Words> {
  words: Words;
  kept: Kept[];
}

/** What a verb takes whose words are about no session. */
export interface WordDeps {
  privacy: Privacy;
  vault: Vault;
}

interface Deps {
  ids: Ids;
  /** Where secrets and personal data stand in a value; null where it could not be looked at. */
  findSensitive(value: Json): Promise<Place[] | null>;
}

/** Characters that are analysed at once: an analyzer refuses what is larger than a value may be. */
const CHUNK = 200_000;
/** A change that says something new whenever it is decided is not looked at for ever: that is sensitive then. */
const MOST_LOOKS = 5;

interface Looking {
  found: Map<string, readonly Range[]>;
  unseen: Text[];
  looks: number;
}

export function createPrivacy({ ids, findSensitive }: Deps): Privacy {
  const looking = new WeakMap<object, Looking>();
  const nothing: Looking['found'] = new Map();

  async function analyse(texts: readonly Text[], { found }: Looking): Promise<void> {
    // Under the names that they stand under, for some are secrets by them.
    const value = texts.map(({ text, name }) => (name === '' ? [text] : { [name]: text }));
    const places = await findSensitive(value);
    texts.forEach((text, at) => {
      // What could not be looked at never passes for harmless: all of it is sensitive then.
      const ranges =
        places === null
          ? whole(text)
          : places.filter(({ path, isKey }) => isKey !== true && path.startsWith(`$[${at}]`));
      found.set(textKey(text), merged(ranges, tokensIn(text.text)));
    });
  }

  async function lookThrough(entry: Looking): Promise<void> {
    entry.looks += 1;
    let chunk: Text[] = [];
    let size = 0;
    for (const text of entry.unseen.splice(0)) {
      if (chunk.length > 0 && size + text.text.length > CHUNK) {
        await analyse(chunk, entry);
        [chunk, size] = [[], 0];
      }
      chunk.push(text);
      size += text.text.length;
    }
    if (chunk.length > 0) await analyse(chunk, entry);
  }

  return {
    conceal(command, change, before, settings) {
      const known = looking.get(command);
      const concealed = conceal(change, before, settings, known?.found ?? nothing, ids, command.revealed);
      if ('kept' in concealed) return concealed.kept;
      const { unseen } = concealed;
      if (known !== undefined && known.looks >= MOST_LOOKS) {
        for (const text of unseen) known.found.set(textKey(text), whole(text));
        const last = conceal(change, before, settings, known.found, ids, command.revealed);
        return 'kept' in last ? last.kept : null;
      }
      looking.set(command, { found: new Map(), looks: 0, ...known, unseen });
      return null;
    },
    isSoon(command) {
      const unseen = looking.get(command)?.unseen ?? [];
      // With room for what stands around the texts as they are handed over.
      return isBrief({
        length: unseen.reduce((sum, { text, name }) => sum + 2 * (text.length + name.length) + 16, 0),
      });
    },
    async look(command) {
      const entry = looking.get(command);
      if (entry !== undefined) await lookThrough(entry);
    },
    async takeOut(of, words, within) {
      const first = concealWords(words, of, nothing, ids);
      if ('words' in first) return first;
      const { unseen } = first;
      const entry: Looking = { found: new Map(), unseen: [...unseen], looks: 0 };
      await inTime(lookThrough(entry), within);
      for (const text of unseen)
        if (!entry.found.has(textKey(text))) entry.found.set(textKey(text), whole(text));
      const last = concealWords(words, of, entry.found, ids);
      if ('unseen' in last) throw new Error('words that were looked through are unseen');
      return last;
    },
  };
}

/** Once it is done, or has failed, or so many milliseconds are over: what it has not found by then is not known. */
async function inTime(work: Promise<void>, within: number | undefined): Promise<void> {
  if (within === undefined) return work;
  const over = new AbortController();
  const done = work.catch(() => {});
  await Promise.race([done, delay(within, undefined, { signal: over.signal })]).finally(() => over.abort());
}

const whole = ({ text }: Text): Range[] => [{ start: 0, end: text.length }];

/** In order, overlapping ones as one, and none that reaches into a token. */
function merged(ranges: readonly Range[], tokens: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (tokens.some((token) => start < token.end && token.start < end)) continue;
    const last = all.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else all.push({ start, end });
  }
  return all;
}
