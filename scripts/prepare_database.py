"""Brings the development database up to date and, if asked with --demo, makes the account demo / demo.

A program of its own, so that starting the service pays for Django's start only once here. Its last line of output
tells the caller about the account: `created`, `unchanged`, `changed` (the password is no longer demo) or `none`.
"""

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

import django  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402
from django.db.migrations.recorder import MigrationRecorder  # noqa: E402

from scripts import known_database  # noqa: E402

DEMO = "demo"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="make a superuser demo / demo if there is no user demo")
    wants_demo = parser.parse_args().demo
    django.setup()
    try:
        migrate()
        print(demo_account() if wants_demo else "none")
    except DatabaseError as error:
        print(f"The database cannot be used: {str(error).strip()} (DATABASE_URL says where it is).", file=sys.stderr)
        return 1
    return 0


def migrate() -> None:
    # The service's limits on statements are not for the building of indexes.
    connection.settings_dict["OPTIONS"].pop("options", None)
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def demo_account() -> str:
    from django.contrib.auth.models import User

    user = User.objects.filter(username=DEMO).first()
    state = "unchanged"
    if user is None:
        user = User.objects.create_superuser(DEMO, password=DEMO)
        state = "created"
    elif not known_database.demo_is_untouched(user.password):
        state = "changed"
    applied = len(MigrationRecorder(connection).applied_migrations())
    known_database.remember(applied=applied, demo_password="" if state == "changed" else user.password)
    return state


if __name__ == "__main__":
    sys.exit(main())
