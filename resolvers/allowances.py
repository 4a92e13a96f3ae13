"""What operations cost those who ask."""

from domain.allowance import Spending
from resolvers.context import Context, Viewer


def charge(context: Context, points: int) -> Spending:
    """Take what an operation costs from its token's allowance. Raises RateLimited."""
    return context.services.allowances.spend(_holder(context.viewer), points)


def _holder(viewer: Viewer) -> str:
    """A token has an allowance of its own; a browser's session is a token."""
    return viewer.token.id if viewer.token else viewer.principal.id
