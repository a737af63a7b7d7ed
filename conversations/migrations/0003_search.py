"""Indexes: of the lists, and for `conversations.search`. SQL of each engine, because neither has what the other does.

PostgreSQL builds them while the service goes on writing, so nothing here is one transaction there. A build that was
interrupted leaves an index that does nothing, so each is dropped before it is made: the migration can be run again.
"""

import sqlite3
from contextlib import nullcontext

from django.db import migrations, models, transaction

LISTS = [
    (
        "conversation",
        models.Index(condition=models.Q(("pinned_at__isnull", False)), fields=["owner"], name="conversation_pinned"),
    ),
    (
        "conversation",
        models.Index(
            condition=models.Q(("deleted_at__isnull", False)), fields=["deleted_at"], name="conversation_deleted"
        ),
    ),
]

# Every character that belongs to no word, to Unicode 15: no letter, digit or combining mark. Named one by one, because
# what PostgreSQL takes for a letter depends on the locale of the database.
SEPARATORS = """
    1-2F 3A-40 5B-60 7B-A9 AB-B1 B4 B6-B8 BB BF D7 F7 2C2-2C5 2D2-2DF 2E5-2EB 2ED 2EF-2FF 375 37E 384-385 387 3F6
    482 55A-55F 589-58F 5BE 5C0 5C3 5C6 5F3-60F 61B-61F 66A-66D 6D4 6DD-6DE 6E9 6FD-6FE 700-70F 7F6-7F9 7FE-7FF
    830-83E 85E 888 890-891 8E2 964-965 970 9F2-9F3 9FA-9FB 9FD A76 AF0-AF1 B70 BF3-BFA C77 C7F C84 D4F D79 DF4 E3F
    E4F E5A-E5B F01-F17 F1A-F1F F34 F36 F38 F3A-F3D F85 FBE-FC5 FC7-FDA 104A-104F 109E-109F 10FB 1360-1368 1390-1399
    1400 166D-166E 1680 169B-169C 16EB-16ED 1735-1736 17D4-17D6 17D8-17DB 1800-180A 180E 1940-1945 19DE-19FF
    1A1E-1A1F 1AA0-1AA6 1AA8-1AAD 1B5A-1B6A 1B74-1B7E 1BFC-1BFF 1C3B-1C3F 1C7E-1C7F 1CC0-1CC7 1CD3 1FBD 1FBF-1FC1
    1FCD-1FCF 1FDD-1FDF 1FED-1FEF 1FFD-206F 207A-207E 208A-208E 20A0-20C0 2100-2101 2103-2106 2108-2109 2114
    2116-2118 211E-2123 2125 2127 2129 212E 213A-213B 2140-2144 214A-214D 214F 218A-244A 249C-24E9 2500-2775
    2794-2BFF 2CE5-2CEA 2CF9-2CFC 2CFE-2CFF 2D70 2E00-2E2E 2E30-3004 3008-3020 3030 3036-3037 303D-303F 309B-309C
    30A0 30FB 3190-3191 3196-319F 31C0-31EF 3200-321E 322A-3247 3250 3260-327F 328A-32B0 32C0-33FF 4DC0-4DFF
    A490-A4C6 A4FE-A4FF A60D-A60F A673 A67E A6F2-A716 A720-A721 A789-A78A A828-A82B A836-A839 A874-A877 A8CE-A8CF
    A8F8-A8FA A8FC A92E-A92F A95F A9C1-A9CD A9DE-A9DF AA5C-AA5F AA77-AA79 AADE-AADF AAF0-AAF1 AB5B AB6A-AB6B ABEB
    FB29 FBB2-FBC2 FD3E-FD4F FDCF FDFC-FDFF FE10-FE19 FE30-FE6B FEFF-FF0F FF1A-FF20 FF3B-FF40 FF5B-FF65 FFE0-FFFD
    1EEF0-1F0F5 1F10D-1FBCA E0001-E007F
"""
# FTS5 knows Unicode 6 and takes what it does not know for letters. What people write of that: signs of money, emoji.
UNKNOWN_TO_FTS5 = """
    20BA-20C0 23F4-23FF 1F321-1F32F 1F336 1F37D-1F37F 1F394-1F39F 1F3C5 1F3CB-1F3DF 1F3F1-1F3FF 1F43F 1F441 1F4F8
    1F4FD-1F4FF 1F53E-1F54F 1F568-1F5FA 1F641-1F644 1F6C6-1F6FC 1F7E0-1F7F0 1F90C-1F9FF 1FA70-1FAFF
"""

# The words live in a table without content, which is told what to forget; the rows say whose words they are. SQLite
# renumbers the rows of tables without an integer key, so the messages' own row numbers would not do. The owner is a word
# too: a search never meets what others wrote.
SQLITE_TABLES = """
CREATE TABLE conversations_search_row (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, ref TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL
);
CREATE VIRTUAL TABLE conversations_search USING fts5(
    owner, text, content='', prefix='2 3',
    tokenize="unicode61 remove_diacritics 2 categories 'L* N* M* Co' separators 'SEPARATORS'"
);
"""
ENTER = """INSERT INTO conversations_search(rowid, owner, text)
        SELECT id, 'u' || owner, substr(NEW.COLUMN, 1, 100000) FROM conversations_search_row WHERE ref = NEW.id;"""
FORGET = """INSERT INTO conversations_search(conversations_search, rowid, owner, text)
        SELECT 'delete', id, 'u' || owner, substr(OLD.COLUMN, 1, 100000)
        FROM conversations_search_row WHERE ref = OLD.id;
    DELETE FROM conversations_search_row WHERE ref = OLD.id;"""
SQLITE_MESSAGES = """
CREATE TRIGGER conversations_search_message_new AFTER INSERT ON conversations_message
WHEN NEW.status <> 'pending' AND NEW.text <> '' AND NEW.role IN ('user', 'model') BEGIN
    INSERT INTO conversations_search_row(kind, ref, owner)
        SELECT 'm', NEW.id, owner_id FROM conversations_conversation WHERE id = NEW.conversation_id;
    ENTER
END;
CREATE TRIGGER conversations_search_message_changed AFTER UPDATE OF text, status ON conversations_message
WHEN OLD.text IS NOT NEW.text OR OLD.status IS NOT NEW.status BEGIN
    FORGET
    INSERT INTO conversations_search_row(kind, ref, owner)
        SELECT 'm', NEW.id, owner_id FROM conversations_conversation WHERE id = NEW.conversation_id
        AND NEW.status <> 'pending' AND NEW.text <> '' AND NEW.role IN ('user', 'model');
    ENTER
END;
CREATE TRIGGER conversations_search_message_gone AFTER DELETE ON conversations_message BEGIN
    FORGET
END;

INSERT INTO conversations_search_row(kind, ref, owner)
    SELECT 'm', m.id, c.owner_id FROM conversations_message m
    JOIN conversations_conversation c ON c.id = m.conversation_id
    WHERE m.status <> 'pending' AND m.text <> '' AND m.role IN ('user', 'model');
INSERT INTO conversations_search(rowid, owner, text)
    SELECT r.id, 'u' || r.owner, substr(m.text, 1, 100000) FROM conversations_search_row r
    JOIN conversations_message m ON r.kind = 'm' AND m.id = r.ref;
"""
SQLITE_TITLES = """
CREATE TRIGGER conversations_search_title_new AFTER INSERT ON conversations_conversation WHEN NEW.title <> '' BEGIN
    INSERT INTO conversations_search_row(kind, ref, owner) VALUES ('c', NEW.id, NEW.owner_id);
    ENTER
END;
CREATE TRIGGER conversations_search_title_changed AFTER UPDATE OF title ON conversations_conversation
WHEN OLD.title IS NOT NEW.title BEGIN
    FORGET
    INSERT INTO conversations_search_row(kind, ref, owner) SELECT 'c', NEW.id, NEW.owner_id WHERE NEW.title <> '';
    ENTER
END;
CREATE TRIGGER conversations_search_title_gone AFTER DELETE ON conversations_conversation BEGIN
    FORGET
END;

INSERT INTO conversations_search_row(kind, ref, owner)
    SELECT 'c', id, owner_id FROM conversations_conversation WHERE title <> '';
INSERT INTO conversations_search(rowid, owner, text)
    SELECT r.id, 'u' || r.owner, c.title FROM conversations_search_row r
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

# What FTS5 does to a text: accents of Latin letters and capitals do not count, and what belongs to no word separates.
# A vector holds at most a megabyte: without `left` one long message would be refused by its own index. An encoding other
# than UTF-8 knows the words of ASCII only.
POSTGRESQL_WORDS = r"""
CREATE OR REPLACE FUNCTION conversations_search_words(said text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    said := left(said, 100000);
    IF octet_length(said) = length(said) THEN
        RETURN lower(regexp_replace(said, '[\x01-\x2f:-@[-`{-\x7f]+', ' ', 'g') COLLATE "C");
    END IF;
    said := regexp_replace(normalize(said, NFD), '([A-Za-z])[\u0300-\u036f]+', '\1', 'g');
    said := normalize(regexp_replace(said, '[SEPARATORS]+', ' ', 'g'), NFC);
    RETURN left(translate(lower(said COLLATION), chr(962), chr(963)), 100000);
END $$
"""
# Whose the words are is a word too, one that nobody can type: a search never meets what others wrote. COST is what it
# takes, so that no plan calls it where the index knows. The schema is named because a restored dump knows no path.
POSTGRESQL_VECTOR = """
CREATE OR REPLACE FUNCTION conversations_search_vector(whose text, said text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20000 AS $$
BEGIN
    RETURN to_tsvector('pg_catalog.simple', SCHEMA.conversations_search_words(said))
        || array_to_tsvector(ARRAY['~' || whose]);
END $$
"""
POSTGRESQL = {
    "conversations_search_message": """
        CREATE INDEX CONCURRENTLY conversations_search_message ON conversations_message
        USING gin (conversations_search_vector(conversation_id::text, text))
        WHERE status <> 'pending' AND role IN ('user', 'model')""",
    "conversations_search_title": """
        CREATE INDEX CONCURRENTLY conversations_search_title ON conversations_conversation
        USING gin (conversations_search_vector(owner_id::text, title))""",
}


def forwards(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    at_once = transaction.atomic(schema_editor.connection.alias) if vendor == "sqlite" else nullcontext()
    with at_once:
        for model, index in LISTS:
            if vendor == "postgresql":
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.name}")
            live = {"concurrently": True} if vendor == "postgresql" else {}
            schema_editor.add_index(apps.get_model("conversations", model), index, **live)
        if vendor == "sqlite":
            for statement in statements(sqlite()):
                schema_editor.execute(statement)
        elif vendor == "postgresql":
            for statement in postgresql_functions(schema_editor.connection):
                schema_editor.execute(statement)
            for name, statement in POSTGRESQL.items():
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                schema_editor.execute(statement)


def backwards(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    at_once = transaction.atomic(schema_editor.connection.alias) if vendor == "sqlite" else nullcontext()
    with at_once:
        if vendor == "sqlite":
            for statement in statements(SQLITE_BACK):
                schema_editor.execute(statement)
        elif vendor == "postgresql":
            for name in POSTGRESQL:
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.execute("DROP FUNCTION IF EXISTS conversations_search_vector(text, text)")
            schema_editor.execute("DROP FUNCTION IF EXISTS conversations_search_words(text)")
        live = " CONCURRENTLY" if vendor == "postgresql" else ""
        for _, index in LISTS:
            schema_editor.execute(f"DROP INDEX{live} IF EXISTS {index.name}")


def sqlite():
    unknown = "".join(chr(code) for low, high in ranges(UNKNOWN_TO_FTS5) for code in range(low, high + 1))
    parts = [SQLITE_TABLES.replace("SEPARATORS", unknown)]
    for script, column in ((SQLITE_MESSAGES, "text"), (SQLITE_TITLES, "title")):
        for name, what in (("FORGET", FORGET), ("ENTER", ENTER)):
            script = script.replace(name, what.replace("COLUMN", column))
        parts.append(script)
    return "".join(parts)


def postgresql_functions(connection):
    """Small letters by ICU where the server has it: the database's own locale may know those of ASCII only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(current_schema()), EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu'"
            " AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding())))"
        )
        schema, icu = cursor.fetchone()
    separators = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges(SEPARATORS))
    words = POSTGRESQL_WORDS.replace("SEPARATORS", separators)
    yield words.replace("COLLATION", 'COLLATE "und-x-icu"' if icu else 'COLLATE "default"')
    yield POSTGRESQL_VECTOR.replace("SCHEMA", schema)


def ranges(text):
    for one in text.split():
        low, _, high = one.partition("-")
        yield int(low, 16), int(high or low, 16)


def statements(text):
    """The statements of a script, triggers in one piece: SQLite's driver takes one at a time."""
    held = ""
    for line in text.splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):
            yield held.strip()
            held = ""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0002_library")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(forwards, backwards)],
            state_operations=[migrations.AddIndex(model_name=model, index=index) for model, index in LISTS],
        )
    ]
