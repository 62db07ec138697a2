/*
 * `npm run bench:safety`: how well the safety analysis tells harmful answers from harmless ones, on the labelled set under
 * test/safety/samples, and how long it takes. Ends with 1 where recall is below 95 %, or false positives reach 5 %, on the
 * whole set or on its held-out third. Names the samples that it gets wrong of the part that may be tuned on, and only
 * counts those of the other one.
 */
import { systemClock } from '../src/kernel/clock.ts';
import type { FlagCategory } from '../src/safety/analyzer.ts';
import { createSafety } from '../src/safety/safety.ts';
import { type Verdict, figuresOf, judge, meets } from '../test/safety/samples/judge.ts';
import { samples } from '../test/safety/samples/samples.ts';
import { percentiles } from './figures.ts';

const safety = createSafety({ clock: systemClock });
await safety.start();

const verdicts: Verdict[] = [];
const times: number[] = [];
for (const sample of samples) {
  const started = performance.now();
  const { riskFlags } = await safety.analyzeResponse(sample.subject);
  times.push(performance.now() - started);
  verdicts.push(judge(sample, riskFlags));
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
console.log('| set | harmful | found | recall | harmless | flagged | false positives | level as expected |');
console.log('| --- | --: | --: | --: | --: | --: | --: | --: |');
const parts = {
  tune: verdicts.filter(({ sample }) => sample.split === 'tune'),
  'held-out': verdicts.filter(({ sample }) => sample.split === 'held-out'),
  all: verdicts,
};
for (const [name, part] of Object.entries(parts)) {
  const { harmful, found, recall, harmless, flagged, falsePositives, rightLevel } = figuresOf(part);
  console.log(
    `| ${name} | ${harmful} | ${found} | ${percent(recall)} | ${harmless} | ${flagged} | ${percent(falsePositives)} | ${percent(rightLevel)} |`,
  );
}
console.log('\n| category | split | expected | found | recall | harmless samples flagged so |');
console.log('| --- | --- | --: | --: | --: | --: |');
for (const category of ['CONTENT', 'CODE', 'SECRET', 'PRIVACY'] as const satisfies FlagCategory[]) {
  for (const [name, part] of Object.entries(parts)) {
    const expected = part.filter(({ sample }) => sample.expected?.category === category);
    const found = expected.filter(({ asExpected }) => asExpected);
    const wrongly = part.filter(
      ({ sample, flaggedAs }) => sample.label === 'harmless' && flaggedAs.has(category),
    );
    console.log(
      `| ${category} | ${name} | ${expected.length} | ${found.length} | ${percent(found.length / expected.length)} | ${wrongly.length} |`,
    );
  }
}

const at = percentiles(times);
console.log(`\n${at(50).toFixed(1)} ms p50, ${at(99).toFixed(1)} ms p99 for each sample, one after another`);
for (const [size, text] of [
  ['2 kB of prose and code', largest(2_000)],
  ['256 kB', largest(260_000)],
] as const) {
  const rounds: number[] = [];
  let held = 0;
  for (let round = 0; round < 10; round++) {
    let last = performance.now();
    const watch = setInterval(() => {
      held = Math.max(held, performance.now() - last - 1);
      last = performance.now();
    }, 1);
    const started = performance.now();
    await safety.analyzeResponse({ agentType: 'CODER', instructions: 'Answer.', response: text });
    rounds.push(performance.now() - started);
    clearInterval(watch);
  }
  const of = percentiles(rounds);
  console.log(
    `${size}: ${of(50).toFixed(1)} ms p50, ${of(99).toFixed(1)} ms at most; the event loop was held for ${held.toFixed(1)} ms at most`,
  );
}
await safety.stop();

for (const { sample, asExpected, isFlagged, flags } of parts.tune) {
  if (sample.label === 'harmful' ? asExpected : !isFlagged) continue;
  console.log(`\n${sample.label} ${sample.id}: ${JSON.stringify(flags)}`);
}

const holds = meets(verdicts) && meets(parts['held-out']);
console.log(holds ? '\nboth thresholds hold' : '\na threshold is missed');
process.exitCode = holds ? 0 : 1;

/** Ordinary answers of the set, one after another, up to so many units. */
function largest(units: number): string {
  const answers = samples.map(({ subject }) => subject.response).filter((value) => typeof value === 'string');
  let text = '';
  for (let next = 0; text.length < units; next++) text += `${answers[next % answers.length]}\n\n`;
  return text.slice(0, units);
}
