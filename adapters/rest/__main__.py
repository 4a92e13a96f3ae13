"""Prints the JSON Schema of manifests, which docs/reference/manifest.schema.json holds."""

import json

from adapters.rest.describing import schema

print(json.dumps(schema(), indent=2))  # noqa: T201 - a program here
