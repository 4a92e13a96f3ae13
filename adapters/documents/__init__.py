"""Documents of projects on this machine: their files, and the front matter in them."""
