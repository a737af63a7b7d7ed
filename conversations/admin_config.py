"""Makes the review site the default admin site; named in INSTALLED_APPS instead of `django.contrib.admin`."""

from django.contrib.admin.apps import AdminConfig


class ReviewAdminConfig(AdminConfig):
    default_site = "conversations.admin_site.ReviewAdminSite"
