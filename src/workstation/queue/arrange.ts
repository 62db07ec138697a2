// Which of what waits is shown, in which groups and which order. Pure.
import { texts } from '../texts.ts';
import { type Item, type ItemType, roles, types, urgencies, type Urgency } from './item.ts';

export const groupings = ['urgency', 'type', 'team', 'agent', 'role', 'none'] as const;
export type Grouping = (typeof groupings)[number];
export const orders = ['deadline', 'oldest', 'newest'] as const;
export type Order = (typeof orders)[number];

export interface View {
  group?: Grouping;
  order?: Order;
  type?: readonly ItemType[];
  urgency?: readonly Urgency[];
  role?: readonly string[];
  team?: readonly string[];
  agent?: readonly string[];
  /** Claimed by whoever looks. */
  mine?: true;
  /** Claimed by nobody else. */
  free?: true;
  /** Which whoever looks may decide. */
  able?: true;
  words?: string;
}

export interface Looking {
  viewerId: string;
  has(role: string): boolean;
  /** Of a team or a project, by its id. */
  nameOf?(id: string): string | undefined;
}

export interface Group {
  key: string;
  items: Item[];
}

/** The team, or the project where it is the whole project's. */
export const placeOf = (item: Item): string => item.teamId ?? item.projectId ?? '';

const keyOf: Record<Grouping, (item: Item) => string> = {
  urgency: ({ urgency }) => urgency,
  type: ({ type }) => type,
  team: placeOf,
  agent: ({ agent }) => agent,
  role: ({ requiredRole }) => requiredRole,
  none: () => '',
};

/** Where groups have an order of their own. */
const ranks: Partial<Record<Grouping, readonly string[]>> = {
  urgency: urgencies,
  type: types,
  role: roles.toReversed(),
};

export function matches(item: Item, view: View, looking: Looking): boolean {
  const { type, urgency, role, team, agent, words } = view;
  return (
    (type === undefined || type.includes(item.type)) &&
    (urgency === undefined || urgency.includes(item.urgency)) &&
    (role === undefined || role.includes(item.requiredRole)) &&
    (team === undefined || team.includes(placeOf(item))) &&
    (agent === undefined || agent.includes(item.agent)) &&
    (view.mine !== true || item.claimedBy?.id === looking.viewerId) &&
    (view.free !== true || item.claimedBy === null || item.claimedBy.id === looking.viewerId) &&
    (view.able !== true || isAble(item, looking)) &&
    (words === undefined || soughtIn(item, words, looking) > 0)
  );
}

/** As far as the role goes: who asked it, and what a team narrows, the server knows. */
export const isAble = (item: Item, { has, viewerId }: Looking): boolean =>
  has(item.requiredRole === 'AGENT' ? 'OPERATOR' : item.requiredRole) && !item.votes.includes(viewerId);

/** 2: the words stand in it as they were written; 1: each of them stands somewhere in it; 0: not. */
function soughtIn(item: Item, words: string, { nameOf }: Looking): 0 | 1 | 2 {
  // What a row shows, and no more: nobody sees why an id matches.
  const { title, input, agent, type } = item;
  const text = onOneLine([title, input, agent, nameOf?.(placeOf(item)) ?? '', texts.types[type]].join('\n'));
  const sought = onOneLine(words);
  if (text.includes(sought)) return 2;
  return sought.split(' ').every((word) => text.includes(word)) ? 1 : 0;
}

/** Each line by itself, its blanks as one. */
const onOneLine = (text: string): string =>
  text
    .toLowerCase()
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .join('\n');

export function arrange(items: readonly Item[], view: View, looking: Looking): Group[] {
  const grouping = view.group ?? 'urgency';
  const compare = comparingIn(view, looking);
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    if (!matches(item, view, looking)) continue;
    const key = keyOf[grouping](item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  const rank = ranks[grouping];
  return Array.from(groups, ([key, found]) => ({ key, items: found.toSorted(compare) })).sort((a, b) =>
    rank ? rank.indexOf(a.key) - rank.indexOf(b.key) : a.key.localeCompare(b.key),
  );
}

/** What has the very words that are sought comes before what has them here and there. */
function comparingIn({ order = 'deadline', words }: View, looking: Looking): (a: Item, b: Item) => number {
  const compare = comparing[order];
  if (words === undefined) return compare;
  const found = new Map<string, number>();
  const rank = (item: Item): number => {
    const known = found.get(item.id) ?? soughtIn(item, words, looking);
    found.set(item.id, known);
    return known;
  };
  return (a, b) => rank(b) - rank(a) || compare(a, b);
}

/** Ids sort by when they were made. */
const byAge = (a: Item, b: Item): number =>
  a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : a.id < b.id ? -1 : 1;

const comparing: Record<Order, (a: Item, b: Item) => number> = {
  deadline(a, b) {
    const [left, right] = [deadlineOf(a), deadlineOf(b)];
    return left < right ? -1 : left > right ? 1 : byAge(a, b);
  },
  oldest: byAge,
  newest: (a, b) => byAge(b, a),
};

/** What has no deadline, or whose deadline stands still, comes after what runs out. */
const deadlineOf = ({ expiresAt, frozen }: Item): string => (frozen ? '9998' : (expiresAt ?? '9999'));

export interface Facets {
  type: Map<string, number>;
  urgency: Map<string, number>;
  role: Map<string, number>;
  team: Map<string, number>;
  agent: Map<string, number>;
  mine: number;
}

/** How much waits of each kind, whatever is shown. */
export function facetsOf(items: readonly Item[], { viewerId }: Looking): Facets {
  const facets: Facets = {
    type: new Map(),
    urgency: new Map(),
    role: new Map(),
    team: new Map(),
    agent: new Map(),
    mine: 0,
  };
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  for (const item of items) {
    count(facets.type, item.type);
    count(facets.urgency, item.urgency);
    count(facets.role, item.requiredRole);
    count(facets.team, placeOf(item));
    count(facets.agent, item.agent);
    if (item.claimedBy?.id === viewerId) facets.mine += 1;
  }
  return facets;
}
