import { createStore } from '../../live/store.ts';
import type { View } from '../../queue/arrange.ts';

/** What the inbox showed when it was last looked at: whoever comes back from an item finds it so. */
export const lastView = createStore<View>({});
