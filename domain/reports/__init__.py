"""Reports of workflow runs: their content, and how each format is written. Pure."""
