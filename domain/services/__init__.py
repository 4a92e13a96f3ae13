"""What the workbench does, through ports only."""
