"""API tokens as the viewer may see, make and revoke them."""

from domain.errors import NotFound
from domain.ids import ProjectId, TokenId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import CreateToken
from domain.models.pages import Window
from domain.models.principals import Principal, Token, TokenKind
from domain.services.tokens import NewToken, check_projects
from resolvers import access, audit, projects
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def by_id(context: Context, token_id: TokenId) -> Token | None:
    """None also where it is somebody else's, unless the viewer administers the server."""
    async with context.store.snapshot() as unit:
        token = await unit.principals.token(token_id)
    if token is None or token.kind is not TokenKind.API:
        return None
    is_own = token.principal_id == context.viewer.principal.id
    return token if is_own or access.is_server_admin(context.viewer) else None


async def principal(context: Context, name: str) -> Principal | None:
    """The principal with this name; None also where the viewer may not see its tokens."""
    if not name.isprintable():
        return None  # Not every database could be asked for such a text.
    async with context.store.snapshot() as unit:
        found = await unit.principals.by_name(name)
    is_own = name == context.viewer.principal.name
    return found if is_own or access.is_server_admin(context.viewer) else None


async def listed(
    context: Context, principal: Principal, first: int | None, after: str | None
) -> Page[Token]:
    """Newest first; `after` is the id of the last one seen. The caller may see them."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.principals.tokens(
            principal.id, TokenKind.API, Window(limit=size + 1, after=after)
        )
    return cut(found, size, continues=after is not None)


async def create(context: Context, command: CreateToken) -> NewToken:
    """Raises NotFound for a project, NotPermitted, and what the service raises."""
    viewer = context.viewer
    is_own = command.principal == viewer.principal.name
    subject = AuditSubject(kind=SubjectKind.PRINCIPAL, name=command.principal)
    async with audit.attempt(context, "tokenCreate", subject):
        access.check_account(viewer, "tokenCreate", is_own=is_own)
        project_ids = await _project_ids(context, command)
        caller = audit.caller_of(context)
        # An account of an issuer's is the issuer's: whoever is gone there has nothing left here.
        until = viewer.expires_at if is_own and viewer.token is None else None
        return await context.services.tokens.create(command, project_ids, caller, until)


async def revoke(context: Context, token_id: TokenId) -> Token:
    """Raises NotFound, NotPermitted."""
    async with audit.attempt(
        context, "tokenRevoke", AuditSubject(kind=SubjectKind.TOKEN, id=token_id)
    ):
        token = await by_id(context, token_id)
        if token is None:
            raise NotFound
        is_own = token.principal_id == context.viewer.principal.id
        access.check_account(context.viewer, "tokenRevoke", is_own=is_own)
        return await context.services.tokens.revoke(token, audit.caller_of(context))


async def _project_ids(context: Context, command: CreateToken) -> frozenset[ProjectId] | None:
    if command.projects is None:
        return None
    check_projects(command.projects)
    found = [await projects.existing(context, slug) for slug in frozenset(command.projects)]
    return frozenset(project.id for project in found)
