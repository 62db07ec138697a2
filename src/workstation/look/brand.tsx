import { useEffect } from 'react';
import { LookDocument } from '../generated/graphql.ts';
import { useLive } from '../live/use-live.ts';
import { suggestScheme } from '../parts/scheme.ts';
import { texts } from '../texts.ts';

/**
 * The product's name with the mark of whoever runs it, and their colours: of lines and marks alone, never of text or of
 * what it stands on, so that whatever they chose, everything can be read (WCAG 1.4.3).
 */
export function Brand() {
  const { data } = useLive(LookDocument, {}, { on: ({ type }) => type === 'configuration_changed' });
  const look = data?.workstationLook;
  useEffect(() => {
    const { style } = document.documentElement;
    const colors = { '--brand': look?.primaryColor, '--brand-mark': look?.secondaryColor };
    for (const [name, color] of Object.entries(colors))
      if (color == null) style.removeProperty(name);
      else style.setProperty(name, color);
    suggestScheme(look?.theme === 'light' || look?.theme === 'dark' ? look.theme : null);
  }, [look]);
  return (
    <>
      {look?.logo != null && <img className="logo" src={look.logo} alt="" />}
      {texts.product}
    </>
  );
}
