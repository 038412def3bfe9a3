"""Uses SNS as a program with boto3 does, and prints what came of it as JSON: sns.py ENDPOINT WEBHOOK."""
import datetime
import json
import os
import sys
import unittest.mock
import urllib.request

import boto3
import botocore.auth
import botocore.config
from botocore.exceptions import ClientError

endpoint, hook = sys.argv[1:3]


def client(key, secret):
    return boto3.client("sns", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}))


def asked(path):
    with urllib.request.urlopen(hook + path, timeout=30) as answer:
        return json.load(answer)


def code(call):
    try:
        call()
        return "no error"
    except ClientError as error:
        return error.response["Error"]["Code"]


key, secret = os.environ["KEY_ID"], os.environ["KEY_SECRET"]
sns = client(key, secret)
topic = sns.create_topic(Name="boto3", Attributes={"DisplayName": "Feedback"}, Tags=[{"Key": "team", "Value": "mail"}])["TopicArn"]
out = {"topic": topic}
out["subscribed"] = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=hook, Attributes={"FilterPolicy": '{"kind":["greeting"]}'})["SubscriptionArn"]
subscription = sns.confirm_subscription(TopicArn=topic, Token=asked("/token")["Token"], AuthenticateOnUnsubscribe="true")["SubscriptionArn"]
out["confirmed"] = subscription.startswith(topic + ":")
out["listed"] = {"TopicArn": topic} in sns.list_topics()["Topics"]
out["endpoints"] = [one["Endpoint"] for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]]
sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true")
attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
out["raw"], out["authenticated"] = attributes["RawMessageDelivery"], attributes["ConfirmationWasAuthenticated"]
sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="false")
sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="News")
attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
out["displayName"], out["count"] = attributes["DisplayName"], attributes["SubscriptionsConfirmed"]
sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "b"}])
sns.untag_resource(ResourceArn=topic, TagKeys=["team"])
out["tags"] = {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=topic)["Tags"]}
kind = {"kind": {"DataType": "String", "StringValue": "greeting"}}
published = sns.publish(TopicArn=topic, Message="Grüße", Subject="Hi", MessageAttributes=kind)["MessageId"]
received = asked("/message")
out["same"], out["message"], out["subject"] = received["MessageId"] == published, received["Message"], received["Subject"]
batch = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "a"}, {"Id": "2", "Message": "b", "Subject": "\n"}])
out["batch"] = [[one["Id"] for one in batch["Successful"]], [one["Id"] for one in batch["Failed"]]]
sns.unsubscribe(SubscriptionArn=subscription)
out["left"] = len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])
out["denied"] = code(lambda: client(os.environ["LIMITED_ID"], os.environ["LIMITED_SECRET"]).delete_topic(TopicArn=topic))
sns.delete_topic(TopicArn=topic)
out["gone"] = code(lambda: sns.get_topic_attributes(TopicArn=topic))
out["unknownKey"] = code(lambda: client("AKIAAAAAAAAAAAAAAAAA", secret).list_topics())
out["wrongSecret"] = code(lambda: client(key, "x" + secret).list_topics())


class Late(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return datetime.datetime.utcnow() - datetime.timedelta(minutes=16)

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) - datetime.timedelta(minutes=16)


def late():
    if hasattr(botocore.auth, "get_current_datetime"):
        return unittest.mock.patch.object(botocore.auth, "get_current_datetime", Late.utcnow)
    return unittest.mock.patch.object(botocore.auth, "datetime", unittest.mock.Mock(datetime=Late))


with late():
    out["oldDate"] = code(sns.list_topics)
print(json.dumps(out))
