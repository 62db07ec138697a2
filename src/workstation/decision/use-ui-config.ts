import { useEffect, useState } from 'react';
import { defaultUiConfig, type UiConfig, uiConfigIn } from './ui-config.ts';

/** null while it is being read: what a team requires must be known before anybody answers. */
export function useUiConfig(yaml: string | undefined, type: string, agentName: string): UiConfig | null {
  const [config, setConfig] = useState<UiConfig | null>(null);
  const [missing, setMissing] = useState<Error | null>(null);
  useEffect(() => {
    if (yaml === undefined) return setConfig(null);
    if (yaml.trim() === '') return setConfig(defaultUiConfig(type));
    let over = false;
    const take = (next: UiConfig) => {
      if (!over) setConfig(next);
    };
    // Only teams that have a configuration need what reads it.
    void import('yaml').then(
      ({ parse }) => take(uiConfigIn(yaml, (text) => parse(text) as unknown, type, agentName)),
      (error: Error) => setMissing(error),
    );
    return () => {
      over = true;
    };
  }, [yaml, type, agentName]);
  // A part of the page that could not be loaded: whoever is around says so, and offers to load the page again.
  if (missing !== null) throw missing;
  return config;
}
