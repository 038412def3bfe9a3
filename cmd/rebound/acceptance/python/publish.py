"""Publishes to the topic of the first argument, by the server of the second, what standard input says: a JSON line for each call of boto3's publish."""
import json
import sys

import boto3

sns = boto3.client("sns", endpoint_url=sys.argv[2], region_name="us-east-1")
for line in sys.stdin:
    print(sns.publish(TopicArn=sys.argv[1], **json.loads(line))["MessageId"])
