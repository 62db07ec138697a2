import { CannotContinue, type Rest, type Runner, type RunnerState, type Turn } from '../runner.ts';
import { readScenario } from './scenario.ts';
import { answerOf, readState, stepOf } from './state.ts';
import { walk } from './walk.ts';

/**
 * The runner that does what `context.scenario` says: the demonstration, the double for tests, and the example of how a
 * runner is written.
 */
export function createScriptedRunner(): Runner {
  return {
    name: 'scripted',
    replay: 'safe',
    fault(context) {
      const read = readScenario(context.scenario);
      return 'faults' in read ? read.faults.join('; ') : null;
    },
    drive,
  };
}

async function drive(turn: Turn): Promise<Rest> {
  const read = readScenario(turn.session.context.scenario);
  if ('faults' in read) throw new CannotContinue(read.faults.join('; '));
  const state = readState(turn.state);
  // A repeat of news that the state has already changes nothing.
  // What triggers asked, its steps name themselves.
  for (const news of turn.news)
    if (news.step?.startsWith(stepOf(''))) state.answers[news.step] = answerOf(news);
  const run = { turn, state, wakeAt: null, ended: false, open: false };
  const all = await walk(run, read.scenario.steps, 'steps');
  if (run.ended) return {};
  if (all && !run.open) {
    await turn.desk.complete();
    return {};
  }
  // Last of all: were the turn cut off before, it would be run again, and its steps passed over by their names.
  await turn.desk.save(state as unknown as RunnerState);
  return run.wakeAt ? { wakeAt: run.wakeAt } : {};
}
