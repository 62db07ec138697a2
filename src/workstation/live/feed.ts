// The feed of what happens, as a pure machine: what to do when the socket comes and goes. It shows each event once and
// leaves none out (behaviour 9.1), because it asks for what comes after the last event that it took, never from "now".
//
//   away ──connected──▶ starting ──started──▶ following ──event──▶ following
//     ▲                    │ (with a cursor: at once)      │
//     └──────closed────────┴───────────────closed──────────┘
//   following ──refused (the cursor is older than what is kept)──▶ starting, and everything is read anew

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

export interface FeedState {
  phase: 'away' | 'starting' | 'following';
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
  | { type: 'refused'; generation: number };

export type FeedEffect =
  | { do: 'read-start'; generation: number }
  | { do: 'subscribe'; generation: number; after: string | null }
  | { do: 'deliver'; event: FeedEvent }
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
    case 'refused':
      if (action.generation !== state.generation) return [state, []];
      return begin(state, null);
  }
}

function begin(state: FeedState, cursor: string | null): [FeedState, readonly FeedEffect[]] {
  const generation = state.generation + 1;
  if (cursor !== null) return follow({ ...state, generation }, cursor);
  return [{ ...state, phase: 'starting', cursor: null, generation }, [{ do: 'read-start', generation }]];
}

/** An empty log has no cursor: what comes from now on is all there is. */
function follow(state: FeedState, cursor: string | null): [FeedState, readonly FeedEffect[]] {
  const { generation } = state;
  return [
    { ...state, phase: 'following', cursor },
    [{ do: 'subscribe', generation, after: cursor }, { do: 'refresh' }],
  ];
}
