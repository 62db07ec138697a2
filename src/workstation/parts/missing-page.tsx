import { texts } from '../texts.ts';
import { Page } from './page.tsx';

export function MissingPage() {
  return (
    <Page title={texts.pages.missing}>
      <p>{texts.missing}</p>
    </Page>
  );
}
