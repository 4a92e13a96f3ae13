// pages.mjs
const url = process.env.WORKBENCH_URL ?? "http://127.0.0.1:8000";

async function ask(query, variables) {
  const response = await fetch(url + "/graphql", {
    method: "POST",
    headers: {
      Accept: "application/graphql-response+json",
      Authorization: `Bearer ${process.env.WORKBENCH_TOKEN}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].extensions.code}: ${errors[0].message}`);
  return data;
}

const page = `query ($project: String!, $after: String) {
  project(slug: $project) {
    runs(first: 2, after: $after) {
      nodes { id state command }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

async function* runs(project) {
  let after = null;
  while (true) {
    const { nodes, pageInfo } = (await ask(page, { project, after })).project.runs;
    yield* nodes;
    if (!pageInfo.hasNextPage) return;
    after = pageInfo.endCursor;
  }
}

for await (const { id, state, command } of runs("default")) {
  console.log(id, state, command.join(" "));
}
