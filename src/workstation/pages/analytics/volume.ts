// What the chart of the volume shows: every stretch of the range, also those in which nothing was asked. Pure.

export interface Stretch {
  at: string;
  asked: number;
  decided: number;
}

export function filled(
  volume: readonly Stretch[],
  { from, to, bucketSeconds }: { from: string; to: string; bucketSeconds: number },
): Stretch[] {
  const known = new Map(volume.map((stretch) => [Date.parse(stretch.at), stretch]));
  const all: Stretch[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += bucketSeconds * 1000)
    all.push(known.get(at) ?? { at: new Date(at).toISOString(), asked: 0, decided: 0 });
  return all;
}
