"""Indexes for `conversations.search`. SQL of each engine, because neither has what the other does."""

from django.db import migrations

# The words live in a table without content, which is told what to forget; the rows say whose words they are. SQLite
# renumbers the rows of tables without an integer key, so the messages' own row numbers would not do.
SQLITE = """
CREATE TABLE conversations_search_row (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE conversations_search USING fts5(
    text, content='', tokenize="unicode61 remove_diacritics 2", prefix='2 3'
);

CREATE TRIGGER conversations_search_message_new AFTER INSERT ON conversations_message
WHEN NEW.status <> 'pending' AND NEW.text <> '' AND NEW.role IN ('user', 'model') BEGIN
    INSERT INTO conversations_search_row(kind, ref) VALUES ('m', NEW.id);
    INSERT INTO conversations_search(rowid, text) SELECT id, NEW.text FROM conversations_search_row WHERE ref = NEW.id;
END;
CREATE TRIGGER conversations_search_message_changed AFTER UPDATE OF text, status ON conversations_message
WHEN OLD.text IS NOT NEW.text OR OLD.status IS NOT NEW.status BEGIN
    INSERT INTO conversations_search(conversations_search, rowid, text)
        SELECT 'delete', id, OLD.text FROM conversations_search_row WHERE ref = OLD.id;
    DELETE FROM conversations_search_row WHERE ref = OLD.id;
    INSERT INTO conversations_search_row(kind, ref)
        SELECT 'm', NEW.id WHERE NEW.status <> 'pending' AND NEW.text <> '' AND NEW.role IN ('user', 'model');
    INSERT INTO conversations_search(rowid, text) SELECT id, NEW.text FROM conversations_search_row WHERE ref = NEW.id;
END;
CREATE TRIGGER conversations_search_message_gone AFTER DELETE ON conversations_message BEGIN
    INSERT INTO conversations_search(conversations_search, rowid, text)
        SELECT 'delete', id, OLD.text FROM conversations_search_row WHERE ref = OLD.id;
    DELETE FROM conversations_search_row WHERE ref = OLD.id;
END;

CREATE TRIGGER conversations_search_title_new AFTER INSERT ON conversations_conversation WHEN NEW.title <> '' BEGIN
    INSERT INTO conversations_search_row(kind, ref) VALUES ('c', NEW.id);
    INSERT INTO conversations_search(rowid, text) SELECT id, NEW.title FROM conversations_search_row WHERE ref = NEW.id;
END;
CREATE TRIGGER conversations_search_title_changed AFTER UPDATE OF title ON conversations_conversation
WHEN OLD.title IS NOT NEW.title BEGIN
    INSERT INTO conversations_search(conversations_search, rowid, text)
        SELECT 'delete', id, OLD.title FROM conversations_search_row WHERE ref = OLD.id;
    DELETE FROM conversations_search_row WHERE ref = OLD.id;
    INSERT INTO conversations_search_row(kind, ref) SELECT 'c', NEW.id WHERE NEW.title <> '';
    INSERT INTO conversations_search(rowid, text) SELECT id, NEW.title FROM conversations_search_row WHERE ref = NEW.id;
END;
CREATE TRIGGER conversations_search_title_gone AFTER DELETE ON conversations_conversation BEGIN
    INSERT INTO conversations_search(conversations_search, rowid, text)
        SELECT 'delete', id, OLD.title FROM conversations_search_row WHERE ref = OLD.id;
    DELETE FROM conversations_search_row WHERE ref = OLD.id;
END;

INSERT INTO conversations_search_row(kind, ref)
    SELECT 'm', id FROM conversations_message
    WHERE status <> 'pending' AND text <> '' AND role IN ('user', 'model');
INSERT INTO conversations_search_row(kind, ref) SELECT 'c', id FROM conversations_conversation WHERE title <> '';
INSERT INTO conversations_search(rowid, text)
    SELECT r.id, m.text FROM conversations_search_row r JOIN conversations_message m ON r.kind = 'm' AND m.id = r.ref;
INSERT INTO conversations_search(rowid, text)
    SELECT r.id, c.title FROM conversations_search_row r
    JOIN conversations_conversation c ON r.kind = 'c' AND c.id = r.ref;
"""
SQLITE_BACK = """
DROP TRIGGER conversations_search_message_new;
DROP TRIGGER conversations_search_message_changed;
DROP TRIGGER conversations_search_message_gone;
DROP TRIGGER conversations_search_title_new;
DROP TRIGGER conversations_search_title_changed;
DROP TRIGGER conversations_search_title_gone;
DROP TABLE conversations_search;
DROP TABLE conversations_search_row;
"""

# A vector holds at most a megabyte: without `left` one long message would be refused by its own index.
POSTGRESQL = """
CREATE INDEX conversations_search_message ON conversations_message
    USING gin (to_tsvector('simple', left(text, 100000)))
    WHERE status <> 'pending' AND role IN ('user', 'model');
CREATE INDEX conversations_search_title ON conversations_conversation USING gin (to_tsvector('simple', title));
"""
POSTGRESQL_BACK = """
DROP INDEX conversations_search_message;
DROP INDEX conversations_search_title;
"""


def run(sql):
    def change(apps, schema_editor):
        text = sql.get(schema_editor.connection.vendor)
        if text is None:
            return
        if schema_editor.connection.vendor == "sqlite":
            # SQLite's driver takes one statement at a time, and a trigger's body has semicolons of its own.
            for statement in statements(text):
                schema_editor.execute(statement)
        else:
            schema_editor.execute(text)

    return change


def statements(text):
    """The statements of a script, triggers in one piece."""
    import sqlite3

    held = ""
    for line in text.splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):
            yield held.strip()
            held = ""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_library")]
    operations = [
        migrations.RunPython(
            run({"sqlite": SQLITE, "postgresql": POSTGRESQL}),
            run({"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK}),
        )
    ]
