import { openReceiver } from '../notifications/receiver.ts';

/** A span as it came over the wire. */
export interface Exported {
  process: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  status: { code?: number };
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}

type Value = Record<string, unknown> & { arrayValue?: { values: Value[] } };
const valueOf = (value: Value): unknown =>
  value.arrayValue ? value.arrayValue.values.map(valueOf) : Object.values(value)[0];
const attributesOf = (list: { key: string; value: Value }[] = []): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));

/** A collector of traces: OTLP over HTTP, as the specification has it. */
export async function openCollector() {
  const receiver = await openReceiver();
  receiver.answer = (response) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  return {
    receiver,
    url: receiver.url,
    close: () => receiver.close(),
    spans(): Exported[] {
      return receiver.received.flatMap(({ body }) =>
        body.resourceSpans.flatMap(({ resource, scopeSpans }: any) => {
          const roles = attributesOf(resource.attributes)['holdpoint.process.roles'] as string[];
          return scopeSpans.flatMap(({ spans }: any) =>
            spans.map((span: any) => ({
              ...span,
              process: roles.join(),
              parentSpanId: span.parentSpanId ?? '',
              attributes: attributesOf(span.attributes),
              links: span.links ?? [],
            })),
          );
        }),
      );
    },
  };
}

export type Collector = Awaited<ReturnType<typeof openCollector>>;
