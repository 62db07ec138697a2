import { texts } from '../../texts.ts';
import { ItemPage } from '../inbox/item-page.tsx';

export default function ApprovalPage() {
  return <ItemPage title={texts.pages.approval} />;
}
