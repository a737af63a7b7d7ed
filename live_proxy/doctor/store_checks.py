"""The database and Redis: can they be reached, are they up to date, do they take writes."""

from __future__ import annotations

from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from live_proxy.doctor.context import Context
from live_proxy.doctor.findings import Finding, Status

DOCS = "docs/operations.md"
REDIS_TIMEOUT = 3.0
# What drivers say → what it means and what to do. The first that fits.
_DATABASE_WORDS = (
    ("password authentication failed", "credentials_refused", "Put the right user and password into DATABASE_URL."),
    ("no password supplied", "credentials_refused", "Put user and password into DATABASE_URL."),
    ('role "', "credentials_refused", "Create the user that DATABASE_URL names, or name another one."),
    ("does not exist", "no_such_database", "Create the database that DATABASE_URL names."),
    ("could not translate host name", "unknown_host", "The host in DATABASE_URL does not resolve."),
    ("name or service not known", "unknown_host", "The host in DATABASE_URL does not resolve."),
    ("failed to resolve host", "unknown_host", "The host in DATABASE_URL does not resolve."),
    ("connection refused", "refused", "Start the database, or mend host and port in DATABASE_URL."),
    ("too many clients", "full", "The database takes no more connections: raise max_connections or run less."),
    ("readonly database", "read_only", "The file, or its folder, may not be written by this user."),
    ("unable to open database file", "no_file", "The folder of the database file does not exist or may not be read."),
    ("file is not a database", "not_a_database", "DATABASE_URL names a file that is no SQLite database."),
    ("locked", "locked", "Another process holds the database for too long."),
    ("timeout", "timed_out", "The database does not answer: look at host, port and firewall."),
    ("timed out", "timed_out", "The database does not answer: look at host, port and firewall."),
)


async def check_database() -> list[Finding]:
    return [await sync_to_async(_look, thread_sensitive=False)()]


def _look() -> Finding:
    # A connection of its own: a pool would only tell that it waited in vain.
    database = connection.copy()
    database.settings_dict["OPTIONS"].pop("pool", None)
    vendor = database.vendor
    try:
        database.ensure_connection()
        missing = _unapplied(database)
        if missing:
            return Finding(
                "database",
                Status.FAILED,
                f"{len(missing)} migrations are not applied, the first is {missing[0]}.",
                "Run python manage.py migrate.",
                "migrations_missing",
                DOCS,
                {"vendor": vendor, "missing": missing},
            )
        database.set_autocommit(False)
        with database.cursor() as cursor:
            if vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            # Takes a write lock and changes nothing.
            cursor.execute("UPDATE django_migrations SET applied = applied WHERE id = -1")
        database.rollback()
        return Finding(
            "database", Status.OK, f"{vendor} answers, is up to date and takes writes.", facts={"vendor": vendor}
        )
    except (DatabaseError, InterfaceError, OSError) as error:
        return _database_failure(vendor, error)
    finally:
        database.close()
        connections.close_all()  # the list of migrations is read by the usual one


def _unapplied(database: BaseDatabaseWrapper) -> list[str]:
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _database_failure(vendor: str, error: Exception) -> Finding:
    words = " ".join(str(error).lower().split())
    for piece, cause, advice in _DATABASE_WORDS:
        if piece in words:
            return Finding("database", Status.FAILED, f"{vendor}: {_first_line(error)}", advice, cause, DOCS)
    advice = "Look at DATABASE_URL and at the database's own log."
    cause = "unreachable" if isinstance(error, OperationalError) else "failing"
    return Finding("database", Status.FAILED, f"{vendor}: {_first_line(error)}", advice, cause, DOCS)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


async def check_redis(context: Context) -> list[Finding]:
    config = context.config
    url = config.redis_url if config is not None else ""
    if not url:
        return [Finding("redis", Status.SKIPPED, "REDIS_URL is not set: one process, whose state is its own.")]
    where = urlsplit(url).hostname or "?"
    try:
        client: Redis = Redis.from_url(url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT)
    except ValueError:
        return [_redis("bad_url", "REDIS_URL is no Redis URL.", "Write redis://[:password@]host:port/0, or rediss://…")]
    try:
        await client.ping()
        info = await client.info("server")
        # The breaker moves its circuits in Lua.
        await client.eval("return redis.call('TIME')", 0)
    except AuthenticationError:
        return [_redis("credentials_refused", f"Redis at {where} refuses the password.", "Mend it in REDIS_URL.")]
    except ResponseError as error:
        if "auth" in str(error).lower():
            return [_redis("credentials_refused", f"Redis at {where} wants a password.", "Put it into REDIS_URL.")]
        return [_redis("commands_refused", f"Redis at {where} refuses commands.", "Allow EVAL, PUBLISH and SUBSCRIBE.")]
    except (RedisError, OSError, TimeoutError) as error:
        return [
            _redis(
                "unreachable",
                f"Redis at {where} cannot be reached ({type(error).__name__}).",
                "Start it, or mend REDIS_URL. Without it, limits and the breaker are each process's own.",
            )
        ]
    finally:
        await client.aclose()
    version = str(info.get("redis_version", "?"))
    return [Finding("redis", Status.OK, f"Redis {version} at {where} answers.", facts={"version": version})]


def _redis(cause: str, says: str, advice: str) -> Finding:
    return Finding("redis", Status.FAILED, says, advice, cause, DOCS)
