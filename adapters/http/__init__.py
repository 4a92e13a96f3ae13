"""Asking other servers over HTTP, so that they can harm neither us nor anybody through us."""
