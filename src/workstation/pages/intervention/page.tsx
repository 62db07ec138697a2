import { texts } from '../../texts.ts';
import { ItemPage } from '../inbox/item-page.tsx';

export default function InterventionPage() {
  return <ItemPage title={texts.pages.intervention} />;
}
