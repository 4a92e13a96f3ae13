"""`python -m schema` prints the SDL that schema/schema.graphql holds."""

import sys

from schema import build

sys.stdout.write(build().as_str() + "\n")
