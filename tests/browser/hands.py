"""What a person does in GraphiQL."""

import json
from typing import Any, Final

from playwright.sync_api import Locator, Page, expect

from tests.e2e.links import sign_in_link
from tests.e2e.server import Server

EXECUTE: Final = ".graphiql-execute-button"


def open_graphiql(page: Page, server: Server) -> None:
    page.goto(sign_in_link(server))
    page.get_by_role("link", name="GraphiQL").click()
    page.get_by_text("Who you are").wait_for()


def response(page: Page) -> Locator:
    return page.locator(".graphiql-response .view-lines")


def open_tab(page: Page, name: str, variables: dict[str, Any]) -> None:
    """Show a tab, and put these into its editor of variables in the place of what is there."""
    page.get_by_role("tab", name=name).click()
    editor = page.locator(".graphiql-editor-tool .monaco-editor").first
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps(variables))
    page.keyboard.press("Control+Shift+End")  # what the editor has closed for us
    page.keyboard.press("Delete")
    expect(editor).to_contain_text(next(iter(variables)))


def answered(page: Page, field: str) -> Any:
    """Run the tab that is open; what the server answers in this field.

    Right after a tab was opened the page may still name the operation of the one before, which the
    server then does not find: that is asked again, and the browser complains of it.
    """
    answer: Any = {}
    while "data" not in answer:
        assert not answer or "Unknown operation" in str(answer), answer
        page.wait_for_timeout(300)
        with page.expect_response(lambda r: field in (r.request.post_data or "")) as asked:
            page.click(EXECUTE)
        answer = asked.value.json()
    return answer["data"][field]
