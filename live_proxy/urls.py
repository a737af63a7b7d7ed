from django.urls import path, re_path
from django.views.i18n import JavaScriptCatalog

from live_proxy.views import (
    api,
    demo,
    export,
    google_api,
    help,
    library,
    message_stream,
    operations,
    pages,
    preferences,
    rewind,
    served,
)

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("favicon.ico", pages.icon),
    path("c/<uuid:conversation_id>/", pages.chat, name="conversation"),
    path("api/conversations/", api.conversations, name="api_conversations"),
    path("api/conversations/<uuid:conversation_id>/messages/", message_stream.messages, name="api_messages"),
    path("api/conversations/search/", library.search_conversations, name="api_search"),
    path("api/conversations/<uuid:conversation_id>/", library.conversation, name="api_conversation"),
    path("api/conversations/<uuid:conversation_id>/restore/", library.restore, name="api_restore"),
    path("api/conversations/<uuid:conversation_id>/export/", export.export, name="api_export_one"),
    path("api/export/", export.export, name="api_export"),
    path("api/conversations/<uuid:conversation_id>/rewind/", rewind.rewind, name="api_rewind"),
    path(
        "api/conversations/<uuid:conversation_id>/messages/<uuid:message_id>/served/",
        served.served_details,
        name="api_served",
    ),
    path("api/preferences/", preferences.preferences, name="api_preferences"),
    path("api/demo/scenario/", demo.scenario, name="demo_scenario"),
    path("jsi18n/", JavaScriptCatalog.as_view(packages=["live_proxy"]), name="javascript-catalog"),
    path("help/", help.help_page, name="help"),
    path("help/<slug:page>/", help.help_page, name="help_page"),
    path("health/live", operations.live, name="health_live"),
    path("health/ready", operations.ready, name="health_ready"),
    path("metrics", operations.metrics, name="metrics"),
    re_path(r"^/*(?:v1|v1beta|v1beta1|v1alpha)/", google_api.google_api),
]
