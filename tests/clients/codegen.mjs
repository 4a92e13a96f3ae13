// Types and typed documents of codegen/documents.graphql, as codegen/generated.ts.
import { readFile, writeFile } from "node:fs/promises";

import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const [schema, documents] = await Promise.all(
  ["../../schema/schema.graphql", "codegen/documents.graphql"].map(async (path) =>
    parse(await readFile(new URL(path, import.meta.url), "utf-8")),
  ),
);
const text = await codegen({
  schema,
  documents: [{ document: documents }],
  filename: "generated.ts",
  config: { enumsAsTypes: true, useTypeImports: true, strictScalars: true, scalars: { DateTime: "string", JSON: "unknown" } },
  plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
  pluginMap: { typescriptOperations, typedDocumentNode },
});
await writeFile(new URL("codegen/generated.ts", import.meta.url), text);
