#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if sys.argv[1:2] != ["live_doctor"]:
            sys.exit(f"The settings cannot be used: {error}")
        from live_proxy.doctor.unusable import report

        text, code = report(str(error), sys.argv[2:])
        sys.stdout.write(f"{text}\n")
        sys.exit(code)


if __name__ == "__main__":
    main()
