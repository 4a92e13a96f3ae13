"""Documents of projects on this machine: finding files, and reading their front matter."""
