// One tab each: the life of a run, what governs it, and where it goes. tests/web/ checks them against the schema.
import audit from './operations/audit.graphql?raw';
import cancel from './operations/cancel.graphql?raw';
import check from './operations/check.graphql?raw';
import configure from './operations/configure.graphql?raw';
import credential from './operations/credential.graphql?raw';
import decide from './operations/decide.graphql?raw';
import events from './operations/events.graphql?raw';
import inbox from './operations/inbox.graphql?raw';
import launch from './operations/launch.graphql?raw';
import logs from './operations/logs.graphql?raw';
import outcome from './operations/outcome.graphql?raw';
import policy from './operations/policy.graphql?raw';
import project from './operations/project.graphql?raw';
import providers from './operations/providers.graphql?raw';
import repeat from './operations/repeat.graphql?raw';
import report from './operations/report.graphql?raw';
import retry from './operations/retry.graphql?raw';
import runs from './operations/runs.graphql?raw';
import server from './operations/server.graphql?raw';
import simulate from './operations/simulate.graphql?raw';
import start from './operations/start.graphql?raw';
import steps from './operations/steps.graphql?raw';
import stop from './operations/stop.graphql?raw';
import sync from './operations/sync.graphql?raw';
import workflows from './operations/workflows.graphql?raw';
import write from './operations/write.graphql?raw';

const tab = (query, variables = {}) => ({
  query,
  variables: JSON.stringify(variables, null, 2),
});

const slug = 'default';
const id = 'paste the id of a run here';
const flow = 'paste the id of a workflow run here';
const yaml = `name: hello
steps:
  - key: greet
    command: [echo, hello]
  - key: gate
    validate: steps.greet.exitCode == 0
`;
const rules = [
  { name: 'reading', match: { programs: ['ls', 'cat', 'rg'] }, effect: 'ALLOW' },
  {
    name: 'packages',
    match: { programs: ['pip', 'npm', 'uv'] },
    effect: 'REQUIRE_APPROVAL',
    risk: 'MEDIUM',
    approval: { role: 'APPROVER', count: 1 },
    explanation: 'It brings code of others.',
  },
];

export const operations = [
  tab(server),
  tab(runs, { project: slug }),
  tab(launch, {
    input: {
      project: slug,
      command: ['sh', '-c', 'for n in $(seq 60); do echo line $n; sleep 1; done'],
    },
  }),
  tab(events, { id }),
  tab(logs, { id }),
  tab(cancel, { input: { id, reason: 'seen enough' } }),
  tab(retry, { input: { id, acknowledgeFailure: true } }),
  tab(inbox, { filter: { eligible: true } }),
  tab(decide, {
    input: {
      id: 'paste the id of an approval here',
      decision: 'APPROVE',
      digest: 'paste its digest here, once you have read what it shows',
      reason: 'say why',
    },
  }),
  tab(project, { project: slug }),
  tab(simulate, { input: { project: slug, since: '2026-01-01T00:00:00Z', rules } }),
  // As it stands this sets nothing: the version that it expects has never been.
  tab(policy, { input: { project: slug, expectedVersion: 0, reason: 'say why', rules } }),
  tab(stop, { input: { scope: 'PROJECT', project: slug, engaged: false, reason: 'say why' } }),
  tab(audit, { project: slug, filter: { action: ['APPROVAL_DECIDE'] } }),
  tab(providers, { project: slug }),
  tab(configure, {
    input: { project: slug, provider: 'a2a', config: { url: 'https://agent.example.org' } },
  }),
  // As it stands this sets nothing: a secret is not empty.
  tab(credential, { input: { project: slug, provider: 'a2a', name: 'token', value: '' } }),
  tab(check, { input: { project: slug, provider: 'a2a' } }),
  tab(sync, { id }),
  tab(write, { input: { project: slug, yaml } }),
  tab(workflows, { project: slug }),
  tab(start, { input: { workflowId: 'paste the id of a workflow here', inputs: {} } }),
  tab(steps, { id: flow }),
  tab(outcome, { id: flow }),
  tab(repeat, { input: { id: 'paste the id of a step here', reason: 'say why' } }),
  tab(report, { id: flow }),
];
