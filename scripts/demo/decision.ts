// Three agents at work, one of which asks a person how to go on.
import { PAYLOAD } from './client.ts';
import { begin, doOrSay, follow, type Question, type Stage } from './stage.ts';

const scenarios: Record<string, string> = {
  'the deployer': `
steps:
  - say: { agent: deployer, input: "{{message}}", response: "Version 2.0 is built and tested." }
  - task: { id: deploy, agent: deployer, type: DEPLOYER, instructions: "Deploy 2.0" }
  - ask:
      id: how
      agent: deployer
      type: DECISION
      urgency: HIGH
      message: "Version 2.0 changes the database. How shall I deploy it?"
      timeout: 3600
      options:
        - { id: now, label: Now, description: "Two minutes of downtime", recommended: true }
        - { id: tonight, label: Tonight, description: "Nobody is there to watch" }
        - { id: never, label: "Not at all", description: "Leave 1.9 in place" }
      when:
        - option: now
          steps:
            - wait: 1
            - finish: { task: deploy, result: { deployed: "2.0" } }
        - option: never
          steps:
            - finish: { task: deploy, status: FAILED, result: { reason: "{{how.content}}" } }
        - default: true
          steps: [{ wait: 2 }, { finish: { task: deploy, result: { scheduled: true } } }]
  - say: { agent: deployer, input: "{{how.content}}", response: "Done as decided." }
  - complete: { result: { decision: "{{how.option.label}}", decidedBy: "{{how.respondedBy.name}}" } }`,
  'the writer': `
steps:
  - say: { agent: writer, input: "Write the release notes", response: "Half of them are done." }
  - wait: 1
  - say: { agent: writer, input: "", response: "And here is the rest." }
  - complete: { result: { pages: 2 } }`,
  'the auditor': `
steps:
  - report: { agent: auditor, type: milestone_reached, metrics: { confidence_score: 0.97 }, output: "No findings" }
  - task: { id: audit, agent: auditor, type: ANALYST, instructions: "Audit the dependencies" }
  - wait: 2
  - finish: { task: audit, result: { findings: 0 } }
  - complete: { result: { findings: 0 } }`,
};

const ANSWER = `mutation ($id: ID!, $optionId: ID!) { selectInterventionOption(id: $id, optionId: $optionId) { ${PAYLOAD} sessionResumed } }`;

export function showQuestion(name: string, { message, options }: Question): void {
  console.log(`\n${name} asks: ${message}`);
  for (const option of options)
    console.log(`  ${option.id.padEnd(8)} ${option.label}: ${option.description}`);
}

export async function chooseRecommended(stage: Stage, { id, options }: Question): Promise<void> {
  const choice = options.find(({ recommended }) => recommended) ?? options[0]!;
  await doOrSay(stage, `Answer with "${choice.label}"`, ANSWER, { id, optionId: choice.id });
}

export async function playDecision(stage: Stage): Promise<void> {
  const following: Promise<void>[] = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    const id = await begin(stage, name, scenario);
    const answer = async (question: Question) => {
      showQuestion(name, question);
      await chooseRecommended(stage, question);
    };
    following.push(follow(stage, name, id, { answer }));
  }
  await Promise.all(following);
}
