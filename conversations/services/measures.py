"""What a list needs to know of texts and parts without reading them: how long, and whether there is any word."""

from typing import Any

from django.db.models import BooleanField, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler


class Bytes(Func):
    """The length of a text in UTF-8. PostgreSQL knows it without unpacking the text."""

    function = "OCTET_LENGTH"
    arity = 1
    output_field = IntegerField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="LENGTH(CAST(%(expressions)s AS BLOB))", **context)


class HoldsMoreThanThoughts(Func):
    """Whether a list of parts has one that is not a thought."""

    arity = 1
    output_field = BooleanField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        template = (
            "EXISTS (SELECT 1 FROM JSON_EACH(%(expressions)s)"
            " WHERE type = 'object' AND NOT COALESCE(JSON_EXTRACT(value, '$.thought'), FALSE))"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **context: Any) -> Any:
        path = """'$[*] ? (@.type() == "object" && !(@.thought == true))'"""
        return self.as_sql(compiler, connection, template=f"JSONB_PATH_EXISTS(%(expressions)s, {path})", **context)
