"""What a workflow says: read, checked, written, and filled with the values of one run. Pure."""
