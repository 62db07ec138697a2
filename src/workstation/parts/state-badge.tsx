import { worded } from '../texts.ts';

type Tone = 'good' | 'warn' | 'bad' | 'plain';

const tones: Readonly<Record<string, Tone>> = {
  ACTIVE: 'good',
  WORKING: 'good',
  RUNNING: 'good',
  COMPLETED: 'good',
  APPROVED: 'good',
  RESOLVED: 'good',
  DELIVERED: 'good',
  WAITING_FOR_HUMAN: 'warn',
  WAITING_FOR_HITL: 'warn',
  WAITING_APPROVAL: 'warn',
  AWAITING_APPROVAL: 'warn',
  AWAITING_RESPONSE_APPROVAL: 'warn',
  REQUIRES_MODIFICATION: 'warn',
  PENDING: 'warn',
  TIMEOUT: 'bad',
  TIMED_OUT: 'bad',
  FAILED: 'bad',
  ERROR: 'bad',
  REJECTED: 'bad',
  HALTED: 'bad',
  EMERGENCY_STOPPED: 'bad',
  HIGH: 'bad',
  CRITICAL: 'bad',
};

/** A state of the API in words; the colour says the same once more and nothing else. */
export function StateBadge({ state }: { state: string }) {
  const tone = tones[state] ?? 'plain';
  return (
    <span className={tone === 'plain' ? 'badge' : `badge badge-${tone}`} data-state={state}>
      {worded(state)}
    </span>
  );
}
