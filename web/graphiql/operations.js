// One tab each, in the order of a run's life. tests/web/ checks them against the schema.
import cancel from './operations/cancel.graphql?raw';
import events from './operations/events.graphql?raw';
import launch from './operations/launch.graphql?raw';
import logs from './operations/logs.graphql?raw';
import retry from './operations/retry.graphql?raw';
import runs from './operations/runs.graphql?raw';
import server from './operations/server.graphql?raw';

const tab = (query, variables = {}) => ({
  query,
  variables: JSON.stringify(variables, null, 2),
});

const project = 'default';
const id = 'paste the id of a run here';

export const operations = [
  tab(server),
  tab(runs, { project }),
  tab(launch, {
    input: {
      project,
      command: ['sh', '-c', 'for n in $(seq 60); do echo line $n; sleep 1; done'],
    },
  }),
  tab(events, { id }),
  tab(logs, { id }),
  tab(cancel, { input: { id, reason: 'seen enough' } }),
  tab(retry, { input: { id, acknowledgeFailure: true } }),
];
