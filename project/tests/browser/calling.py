"""A call on the page, as tests hold it."""

from __future__ import annotations

import base64

from playwright.sync_api import Locator, Page

from project.tests.browser.conftest import Connection, Edge


def state(page: Page) -> Locator:
    return page.get_by_role("region", name="Voice").get_by_role("status").first


def start(page: Page, edge: Edge) -> Connection:
    count = len(edge.connections)
    page.get_by_role("button", name="Start voice").click()
    connection = edge.wait_for_connection(count + 1)
    edge.wait_until(lambda: bool(connection.received), "the set-up")
    return connection


def sound(connection: Connection) -> list[bytes]:
    return [base64.b64decode(blob["data"]) for blob in connection.realtime("audio")]


def frames_within(page: Page, connection: Connection, milliseconds: int = 300) -> int:
    before = len(connection.realtime("audio"))
    page.wait_for_timeout(milliseconds)
    return len(connection.realtime("audio")) - before


def wait_until_it_listens(edge: Edge, connection: Connection) -> None:
    before = len(connection.realtime("audio"))
    edge.wait_until(lambda: len(connection.realtime("audio")) > before + 5, "sound")


def options(page: Page) -> None:
    page.get_by_text("Voice options").click()
