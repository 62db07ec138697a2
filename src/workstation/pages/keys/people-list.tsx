import { useState } from 'react';
import { PeopleDocument } from '../../generated/graphql.ts';
import { useLive } from '../../live/use-live.ts';
import { Ago } from '../../parts/countdown.tsx';
import { FaultNotice } from '../../parts/fault-notice.tsx';
import { ListPages, type PageAt, pageArguments } from '../../parts/list-pages.tsx';
import { plainly } from '../../parts/marks.ts';
import { ScrollRegion } from '../../parts/scroll-region.tsx';
import { keysTexts as words, texts, worded } from '../../texts.ts';
import { type Project, projectName } from './projects.ts';

const SIZE = 25;
const TELLING = new Set(['user_created', 'user_changed', 'person_erased', 'api_key_created']);

export function PeopleList({ projects }: { projects: readonly Project[] }) {
  const [at, setAt] = useState<PageAt>({});
  const { data, fault, read } = useLive(PeopleDocument, pageArguments(at, SIZE), {
    on: ({ type }) => TELLING.has(type),
  });
  const list = data?.users;
  return (
    <section className="card">
      <h2>{words.people}</h2>
      <p className="faint">{words.peopleLead}</p>
      {fault && <FaultNotice fault={fault} stale={list !== undefined} onRetry={read} />}
      {list?.nodes.length === 0 && <p>{words.noPeople}</p>}
      {list && list.nodes.length > 0 && (
        <ScrollRegion label={words.people}>
          <table>
            <thead>
              <tr>
                {[words.name, words.role, words.project, words.email, words.since].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {list.nodes.map(({ id, name, roles, projectId, email, createdAt }) => (
                <tr key={id}>
                  <th scope="row" className="break">
                    {plainly(name)}
                  </th>
                  <td>{worded(roles.at(-1) ?? '')}</td>
                  <td>{projectName(projects, projectId)}</td>
                  <td className="break">{email ? plainly(email) : texts.none}</td>
                  <td>
                    <Ago at={createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      )}
      {list && <ListPages of={words.people} info={list.pageInfo} at={at} onGo={setAt} />}
    </section>
  );
}
