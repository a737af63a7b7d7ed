"""There and back with rows in the tables, some while others write. On SQLite and, given a DATABASE_URL, PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Conversation
from conversations.search import search
from conversations.tests.factories import alice, conversation, message, session

pytestmark = pytest.mark.django_db(transaction=True)
INDEXES = {"conversation_pinned", "conversation_deleted"}
SEARCH = {"conversations_search_message", "conversations_search_title"}


@pytest.fixture(autouse=True)
def up_to_date() -> Iterator[None]:
    yield
    migrate()


def migrate(*name: str) -> None:
    call_command("migrate", *(("conversations", *name) if name else ()), verbosity=0)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        tables = ("conversations_conversation", "conversations_message")
        return {name for table in tables for name in connection.introspection.get_constraints(cursor, table)}


def found(query: str) -> list[int | None]:
    return [hit.position for hit in search(user_id=alice().pk, query=query, limit=9)]


def test_what_was_written_before_is_found() -> None:
    talk = session(conversation(title="Rain in Bergen"), heartbeat_at=timezone.now())  # nobody sweeps it
    message(talk, 1, text="Take manage.py and a café")
    message(talk, 2, text="umbrella", status="pending")
    migrate("0002")
    assert not indexes() & (INDEXES | SEARCH)
    assert Conversation.objects.get().title == "Rain in Bergen"
    migrate()
    assert indexes() >= INDEXES
    assert (found("manage.py cafe"), found("rain"), found("umbrella")) == ([1], [None], [])
    message(talk, 3, text="umbrella")
    assert found("umbrella") == [3]


def test_it_goes_back_to_the_beginning_and_forth() -> None:
    migrate("0001")
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "conversations_conversation")
    assert "deleted_at" not in {column.name for column in columns}
    migrate()
    message(session(conversation()), 1, text="umbrella")
    assert found("umbrella") == [1]


def test_the_service_writes_on_while_indexes_are_built() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the migration")
    migrate("0002")
    with CaptureQueriesContext(connection) as there_and_back:
        migrate("0003")
        migrate("0002")
    built = [one["sql"] for one in there_and_back if one["sql"].strip().startswith(("CREATE INDEX", "DROP INDEX"))]
    assert len(built) == 3 * len(INDEXES | SEARCH)
    assert all("INDEX CONCURRENTLY" in sql for sql in built)
    migrate("0001")
    with CaptureQueriesContext(connection) as columns:
        migrate("0002")
    added = [one["sql"] for one in columns if one["sql"].startswith(("ALTER", "CREATE", 'UPDATE "conversations'))]
    assert [" ADD COLUMN " in sql for sql in added] == [True] * 3  # nothing slow is done while the tables are locked


def test_it_can_be_run_again_where_it_was_interrupted() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite it is one transaction")
    message(session(conversation(title="")), 1, text="umbrella")
    migrate("0002")
    with connection.cursor() as cursor:
        for name in INDEXES | SEARCH:  # what an interrupted build leaves has the name and is good for nothing
            cursor.execute(f"CREATE INDEX {name} ON conversations_conversation (created_at)")
    migrate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%USING gin (conversations_search_vector%'")
        assert cursor.fetchone() == (2,)
    assert found("umbrella") == [1]


def test_a_database_that_has_the_search_gets_the_index_of_what_was_replaced() -> None:
    message(session(conversation()), 1, replaced_at=timezone.now())
    migrate("0005")
    assert "message_replaced" not in indexes()
    with connection.cursor() as cursor:  # what an interrupted build leaves
        cursor.execute("CREATE INDEX message_replaced ON conversations_conversation (created_at)")
    with CaptureQueriesContext(connection) as queries:
        migrate()
    built = [one["sql"] for one in queries if "message_replaced" in one["sql"] and "CREATE" in one["sql"]]
    assert ["INDEX CONCURRENTLY" in sql for sql in built] == [connection.vendor == "postgresql"]
    assert "message_replaced" in indexes()


def elsewhere[T](function: Callable[..., T], *args: Any) -> T:
    """In a thread with a connection of its own."""
    try:
        return function(*args)
    finally:
        connection.close()


def is_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def unique_indexes() -> dict[str, bool]:
    """Those of client ids; whether each minds what was replaced."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef NOT LIKE '%%replaced_at%%' FROM pg_indexes"
            " WHERE tablename = 'conversations_message' AND indexname LIKE %s",
            ["message_client_id_once%"],
        )
        return dict(cursor.fetchall())


@pytest.mark.parametrize(("there", "minds"), [("0004", False), ("0003", True)])
def test_the_service_writes_on_while_client_ids_get_their_new_index(there: str, minds: bool) -> None:
    """The migration waits for a transaction that began before it, and nobody waits for the migration."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the migration")
    talk = session(conversation())
    migrate("0003" if there == "0004" else "0004")

    def write(position: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            message(talk, position, client_id=f"c{position}")

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            message(talk, 1, client_id="c1")
            migrating = pool.submit(elsewhere, migrate, there)
            deadline = time.monotonic() + 4
            while not is_waiting():
                assert time.monotonic() < deadline
            pool.submit(elsewhere, write, 2).result(10)
        migrating.result(30)
    assert unique_indexes() == {"message_client_id_once": minds}
    with pytest.raises(IntegrityError):
        message(talk, 3, client_id="c2")


@pytest.mark.parametrize("left", ["broken", "beside", "alone"])
def test_the_index_of_client_ids_is_made_where_it_was_interrupted(left: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("on SQLite it is one transaction")
    talk = session(conversation())
    message(talk, 1, client_id="c1", replaced_at=timezone.now())
    migrate("0003")
    beside = "message_client_id_once_forwards"
    made = f"CREATE UNIQUE INDEX {beside} ON conversations_message (conversation_id, client_id) WHERE"
    with connection.cursor() as cursor:
        cursor.execute(f"{made} client_id IS NOT NULL AND replaced_at IS NULL")
        if left == "broken":
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(%s)", [beside])
        if left == "alone":
            cursor.execute("DROP INDEX message_client_id_once")
    with CaptureQueriesContext(connection) as queries:
        migrate("0004")
    built = [one["sql"] for one in queries if one["sql"].startswith("CREATE UNIQUE INDEX")]
    assert len(built) == (left == "broken")
    assert unique_indexes() == {"message_client_id_once": False}
    message(talk, 2, client_id="c1")
    with pytest.raises(IntegrityError):
        message(talk, 3, client_id="c1")
