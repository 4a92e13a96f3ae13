"""What a command really is: every program that it would start, through shells and wrappers."""
