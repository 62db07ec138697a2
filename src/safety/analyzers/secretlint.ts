// Secretlint's recommended rules, which know more vendors than we do. Read when first used: only threads need them.

interface Found {
  start: number;
  end: number;
  rule: string;
}

type Lint = (content: string) => Promise<Found[]>;
let ready: Promise<Lint> | null = null;

export const scan = async (content: string): Promise<Found[]> => (await (ready ??= load()))(content);

async function load(): Promise<Lint> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const config = {
    rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }],
  };
  return async (content) => {
    const source = { content, filePath: 'answer.txt', contentType: 'text' as const };
    const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } });
    return messages.map(({ range, ruleId }) => ({
      start: range[0],
      end: range[1],
      rule: ruleId.replace('@secretlint/secretlint-rule-', ''),
    }));
  };
}
