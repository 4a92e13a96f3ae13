"""The process around the rooms: settings, data directory, pages, probes, logging, socket."""
