"""Uses SES v2 and v1 as a program with boto3 does, and prints what came of it as JSON: ses.py ENDPOINT TOPIC MESSAGE-ID ADDRESSES."""
import datetime
import json
import os
import sys
import time

import boto3
import botocore.config
from botocore.exceptions import ClientError

endpoint, topic, message, addresses = *sys.argv[1:4], json.loads(sys.argv[4])
now = datetime.datetime.now(datetime.timezone.utc)


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=os.environ["KEY_ID"], aws_secret_access_key=os.environ["KEY_SECRET"],
                        config=botocore.config.Config(retries={"total_max_attempts": 1}))


def code(call, **arguments):
    try:
        call(**arguments)
        return "no error"
    except ClientError as error:
        return error.response["Error"]["Code"]


def run(action, url):
    job = v2.create_import_job(ImportDestination={"SuppressionListDestination": {"SuppressionListImportAction": action}},
                               ImportDataSource={"S3Url": url, "DataFormat": "CSV"})["JobId"]
    while True:
        done = v2.get_import_job(JobId=job)
        if done["JobStatus"] not in ("CREATED", "PROCESSING"):
            return done
        time.sleep(0.1)


def listed(**query):
    found, pages = [], 0
    while True:
        page = v2.list_suppressed_destinations(**query)
        found += [one["EmailAddress"] for one in page["SuppressedDestinationSummaries"]]
        pages += 1
        if "NextToken" not in page:
            return len(set(found)), pages
        query["NextToken"] = page["NextToken"]


v2, v1 = client("sesv2"), client("ses")
out = {"shown": [], "gone": []}
for address in addresses:
    v2.put_suppressed_destination(EmailAddress=address, Reason="BOUNCE")
    shown = v2.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
    out["shown"].append([shown["EmailAddress"], shown["Reason"], "Attributes" in shown, abs(shown["LastUpdateTime"] - now) < datetime.timedelta(hours=1)])
    v2.delete_suppressed_destination(EmailAddress=address)
    out["gone"] += [code(v2.get_suppressed_destination, EmailAddress=address), code(v2.delete_suppressed_destination, EmailAddress=address)]
out["badReason"] = code(v2.put_suppressed_destination, EmailAddress="jane@example.net", Reason="SPAM")
out["badToken"] = code(v2.list_suppressed_destinations, NextToken="x")
done = run("PUT", "s3://import/many.csv")
out["import"], out["processed"] = done["JobStatus"], done["ProcessedRecordsCount"]
out["all"] = listed(PageSize=1000)
out["complaints"] = listed(Reasons=["COMPLAINT"], PageSize=1000)
out["both"] = listed(Reasons=["COMPLAINT", "BOUNCE"], StartDate=now - datetime.timedelta(hours=1), EndDate=now + datetime.timedelta(hours=1), PageSize=500)
out["later"] = listed(StartDate=now + datetime.timedelta(hours=1))
out["listed"] = done["JobId"] in [one["JobId"] for one in v2.list_import_jobs(ImportDestinationType="SUPPRESSION_LIST", PageSize=10)["ImportJobs"]]
run("DELETE", "s3://import/many.csv")
out["left"] = listed()
v2.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
out["account"] = v2.get_account()["SuppressionAttributes"]["SuppressedReasons"]
v2.put_account_suppression_attributes(SuppressedReasons=["BOUNCE", "COMPLAINT"])
v2.create_configuration_set(ConfigurationSetName="boto3")
v2.put_configuration_set_suppression_options(ConfigurationSetName="boto3", SuppressedReasons=["BOUNCE"])
out["set"] = v2.get_configuration_set(ConfigurationSetName="boto3")["SuppressionOptions"]["SuppressedReasons"]
v2.delete_configuration_set(ConfigurationSetName="boto3")
out["send"] = code(v2.send_email, FromEmailAddress="news@example.org", Destination={"ToAddresses": ["jane@example.net"]},
                   Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hi"}}}})

out["token"] = len(v1.verify_domain_identity(Domain="boto3.example")["VerificationToken"])
out["noTopic"] = code(v1.set_identity_feedback_forwarding_enabled, Identity="boto3.example", ForwardingEnabled=False)
for kind in ("Bounce", "Complaint"):
    v1.set_identity_notification_topic(Identity="boto3.example", NotificationType=kind, SnsTopic=topic)
v1.set_identity_feedback_forwarding_enabled(Identity="boto3.example", ForwardingEnabled=False)
v1.set_identity_headers_in_notifications_enabled(Identity="boto3.example", NotificationType="Bounce", Enabled=False)
found = v1.get_identity_notification_attributes(Identities=["boto3.example", "none.example"])["NotificationAttributes"]
out["identities"] = sorted(found)
found = found["boto3.example"]
out["settings"] = [found["BounceTopic"] == topic, found["ComplaintTopic"] == topic, "DeliveryTopic" in found, found["ForwardingEnabled"],
                   found["HeadersInBounceNotificationsEnabled"], found["HeadersInComplaintNotificationsEnabled"]]
out["badIdentity"] = code(v1.set_identity_notification_topic, Identity="none.example", NotificationType="Bounce", SnsTopic=topic)
out["badTopic"] = code(v1.set_identity_notification_topic, Identity="boto3.example", NotificationType="Bounce", SnsTopic=topic + "x")
v1.get_waiter("identity_exists").wait(Identities=["boto3.example"])
quota = v1.get_send_quota()
out["quota"] = [quota["Max24HourSend"], quota["SentLast24Hours"] > 0]
out["attempts"] = sum(point["DeliveryAttempts"] for point in v1.get_send_statistics()["SendDataPoints"]) > 0
bounce = {"BounceSender": "postmaster@boto3.example", "BouncedRecipientInfoList": [{"Recipient": "info@example.org", "BounceType": "DoesNotExist"}]}
out["bounced"] = len(v1.send_bounce(OriginalMessageId=message, **bounce)["MessageId"])
out["rejected"] = code(v1.send_bounce, OriginalMessageId="none", **bounce)
print(json.dumps(out))
