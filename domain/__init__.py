"""Values, rules and services of the workbench. Imports none of the other rooms and no framework."""
