import type { TypedDocumentString } from '../../src/generated/client/graphql.ts';

/** One answer of the API. */
export interface Answer<Data> {
  data?: Data | null;
  errors?: {
    message: string;
    path?: (string | number)[];
    extensions: { code: string } & Record<string, unknown>;
  }[];
}

/** Asks over HTTP as any client does; documents come from `graphql('…')` and carry the types of both sides. */
export function createClient(url: string, key: string | null) {
  return async <Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key !== null && { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    return (await response.json()) as Answer<Data>;
  };
}
