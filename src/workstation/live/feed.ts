// The feed of what happens, as a pure machine: what to do when the socket comes and goes, and when the server ends the
// subscription alone. It shows each event once and leaves none out (behaviour 9.1), because it asks for what comes after
// the last event that it took, never from "now".
//
//   away ──connected──▶ starting ──started──▶ following ──event──▶ following
//     ▲                    ▲ (with a cursor: at once)  │
//     │                    └──rested── resting ◀──ended┘
//     └──────closed, from any of them
//
// What was ended goes on after the last event that was taken. Only where the server says that there is no going on from
// there (the events behind it were pruned, or it is of another log) does it begin anew, and everything is read anew.

export interface FeedEvent {
  id: string;
  cursor: string;
  type: string;
  projectId: string | null;
  teamId: string | null;
  sessionId: string | null;
  subjectId: string;
  occurredAt: string;
  actor: { kind: string; id: string; name: string };
}

/**
 * Why a subscription is over, while the socket stands. `cursor`: its place in the log is gone. `later`: the server cannot
 * serve it now, or ended it because it fell behind. `failed`: an event could not be shown, or whatever else.
 */
export type Ending = 'cursor' | 'later' | 'failed';

/** What the server says by the code of an error. */
export function endingOf(errors: readonly { extensions?: { code?: unknown } }[]): Ending {
  switch (errors[0]?.extensions?.code) {
    case 'BAD_USER_INPUT':
      return 'cursor';
    case 'SERVICE_UNAVAILABLE':
    case 'RATE_LIMITED':
      return 'later';
    default:
      return 'failed';
  }
}

export interface FeedState {
  phase: 'away' | 'starting' | 'following' | 'resting';
  /** Of the last event that was taken, or of where the feed began; null: not known yet. */
  cursor: string | null;
  /** Which subscription is the present one: what an earlier one still says is not listened to. */
  generation: number;
  /** Ids of the last events that were taken, oldest first. */
  taken: readonly string[];
}

export type FeedAction =
  | { type: 'connected' }
  | { type: 'closed' }
  /** Where the log ends was read; null: it is empty. */
  | { type: 'started'; generation: number; cursor: string | null }
  | { type: 'event'; generation: number; event: FeedEvent }
  | { type: 'ended'; generation: number; why: Ending }
  /** The pause after an end is over. */
  | { type: 'rested'; generation: number; why: Ending };

export type FeedEffect =
  | { do: 'read-start'; generation: number }
  | { do: 'subscribe'; generation: number; after: string | null }
  | { do: 'deliver'; event: FeedEvent }
  /** Nothing more is heard of this subscription; after a pause it is gone on. */
  | { do: 'rest'; generation: number; why: Ending }
  /** Everything that is shown is read again: it may have changed unseen. */
  | { do: 'refresh' };

export const feedAtRest: FeedState = { phase: 'away', cursor: null, generation: 0, taken: [] };

/** A server that breaks its word and repeats an event is caught within this many. */
const REMEMBERED = 500;

export function nextFeed(state: FeedState, action: FeedAction): [FeedState, readonly FeedEffect[]] {
  switch (action.type) {
    case 'connected':
      return begin(state, state.cursor);
    case 'closed':
      return [{ ...state, phase: 'away', generation: state.generation + 1 }, []];
    case 'started':
      if (action.generation !== state.generation || state.phase !== 'starting') return [state, []];
      return follow(state, action.cursor);
    case 'event': {
      const { event } = action;
      if (action.generation !== state.generation || state.taken.includes(event.id)) return [state, []];
      const taken = [...state.taken.slice(-REMEMBERED + 1), event.id];
      return [{ ...state, cursor: event.cursor, taken }, [{ do: 'deliver', event }]];
    }
    case 'ended': {
      const { generation, why } = action;
      if (generation !== state.generation || state.phase !== 'following') return [state, []];
      // What it still says is not listened to: an event taken after one that failed would leave that one out.
      const next = generation + 1;
      const cursor = why === 'cursor' ? null : state.cursor;
      return [
        { ...state, phase: 'resting', cursor, generation: next },
        [{ do: 'rest', generation: next, why }],
      ];
    }
    case 'rested':
      if (action.generation !== state.generation || state.phase !== 'resting') return [state, []];
      // Whatever happened meanwhile comes as events: there is nothing to read anew, least of all from a busy server. What
      // an event that cannot be shown would have told is read.
      return begin(state, state.cursor, action.why !== 'later');
  }
}

function begin(state: FeedState, cursor: string | null, refresh = true): [FeedState, readonly FeedEffect[]] {
  const generation = state.generation + 1;
  if (cursor !== null) return follow({ ...state, generation }, cursor, refresh);
  return [{ ...state, phase: 'starting', cursor: null, generation }, [{ do: 'read-start', generation }]];
}

/** An empty log has no cursor: what comes from now on is all there is. */
function follow(state: FeedState, cursor: string | null, refresh = true): [FeedState, readonly FeedEffect[]] {
  const { generation } = state;
  return [
    { ...state, phase: 'following', cursor },
    [{ do: 'subscribe', generation, after: cursor }, ...(refresh ? [{ do: 'refresh' } as const] : [])],
  ];
}
