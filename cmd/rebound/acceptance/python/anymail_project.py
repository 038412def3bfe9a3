"""A whole Django project with django-anymail's webhooks, as its manual sets them up. It prints each tracking event as a JSON line.

Run it as its own manage.py: anymail_project.py runserver --noreload 127.0.0.1:PORT
"""
import json
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.urls import include, path

events, sys.stdout = sys.stdout, sys.stderr  # what Django says goes to the other one

settings.configure(
    DEBUG=True,
    SECRET_KEY="only for this test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="anymail_project",
    INSTALLED_APPS=["anymail"],
    USE_TZ=True,
    ANYMAIL={
        "WEBHOOK_SECRET": os.environ["WEBHOOK_SECRET"],
        "AMAZON_SES_CLIENT_PARAMS": {"endpoint_url": os.environ["SNS_ENDPOINT"]},
    },
)

import django

django.setup()

from anymail.signals import tracking
from django.dispatch import receiver


@receiver(tracking)
def show(sender, event, esp_name, **kwargs):
    fields = ("event_type", "recipient", "message_id", "event_id", "reject_reason", "description", "mta_response", "user_agent", "tags", "metadata")
    line = {field: getattr(event, field) for field in fields}
    line["esp_name"] = esp_name
    line["timestamp"] = event.timestamp.isoformat()
    print(json.dumps(line), file=events, flush=True)


urlpatterns = [path("anymail/", include("anymail.urls"))]

if __name__ == "__main__":
    sys.modules["anymail_project"] = sys.modules["__main__"]
    execute_from_command_line(sys.argv)
