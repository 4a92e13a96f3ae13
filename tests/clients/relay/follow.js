// What relay-compiler reads; relay.mjs runs what it makes of this.
import { graphql } from "relay-runtime";

graphql`
  query followQuery {
    viewer { principal { name } }
    project(slug: "default") { ...follow_runs }
  }
`;

graphql`
  fragment follow_runs on Project
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "followRunsQuery") {
    runs(first: $count, after: $cursor) @connection(key: "follow_runs") {
      edges { node { id state } }
    }
  }
`;

graphql`
  mutation followLaunchMutation($input: RunLaunchInput!, $connections: [ID!]!) {
    runLaunch(input: $input) {
      ... on RunLaunchPayload {
        run @prependNode(connections: $connections, edgeTypeName: "RunEdge") { id state }
      }
      ... on UserError { code message }
    }
  }
`;

graphql`
  subscription followEventsSubscription($id: ID!) {
    runEvents(runId: $id) {
      cursor
      ... on RunLogged { batch { lines } }
      ... on RunStateChanged { to }
    }
  }
`;
