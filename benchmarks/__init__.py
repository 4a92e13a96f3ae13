"""What the README's figures come from: each one measured beside its limit, in the same run."""
