// A graph of LangGraph that stops at an `interrupt()`: what it holds out is put before a person by Holdpoint, and the graph is
// resumed with the decision. With a checkpointer that lasts, and the question's key, both may end and begin anew in between.
import { Annotation, Command, END, interrupt, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { holdpoint } from 'holdpoint/client';

const { HOLDPOINT_URL, HOLDPOINT_TOKEN, HOLDPOINT_TEAM } = process.env;
const hp = holdpoint({ url: HOLDPOINT_URL!, token: HOLDPOINT_TOKEN! });
const session = await hp.createSession({
  teamId: HOLDPOINT_TEAM!,
  initialMessage: 'Delete the logs of 2019.',
});

interface Held {
  message: string;
  input: { path: string };
}

const State = Annotation.Root({ path: Annotation<string>, done: Annotation<string> });
const graph = new StateGraph(State)
  .addNode('tidy', ({ path }) => {
    const allowed = interrupt<Held, boolean>({ message: `May ${path} be deleted?`, input: { path } });
    return { done: allowed ? `deleted ${path}` : `left ${path} alone` };
  })
  .addEdge(START, 'tidy')
  .addEdge('tidy', END)
  .compile({ checkpointer: new MemorySaver() });

const thread = { configurable: { thread_id: session.id } };
let state = await graph.invoke({ path: 'logs/2019' }, thread);
for (;;) {
  const [held] = (state as { __interrupt__?: { id?: string; value: Held }[] }).__interrupt__ ?? [];
  if (held === undefined) break;
  const decision = await hp.ask({
    sessionId: session.id,
    agentName: 'janitor',
    type: 'APPROVAL',
    message: held.value.message,
    context: held.value.input,
    ...(held.id !== undefined && { idempotencyKey: held.id }),
  });
  state = await graph.invoke(new Command({ resume: decision.resolution === 'APPROVED' }), thread);
}
console.log(state.done);
hp.close();
