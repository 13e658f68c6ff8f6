"""The peer in Python: takes a lead, stores it, hands it to a network, notes what became of it, answers.

It runs under awslambdaric, as the managed runtime does.
"""

import base64
import json
import os
import uuid

import boto3
import requests

table = boto3.client("dynamodb")
network = requests.Session()
TABLE_NAME = os.environ["TABLE_NAME"]
NETWORK_URL = os.environ["NETWORK_URL"]


def handler(event, context):
    text = event["body"]
    if event.get("isBase64Encoded"):
        text = base64.b64decode(text).decode()
    lead = json.loads(text)
    order_id = str(uuid.uuid4())
    key = {"pk": {"S": "o#" + order_id}, "sk": {"S": order_id}}
    click = lead.get("click_id") or order_id
    table.put_item(
        TableName=TABLE_NAME,
        Item={**key, "status": {"S": "queued"}, "click": {"S": click}, "lead": {"S": text}},
        ConditionExpression="attribute_not_exists(pk)",
    )
    phone = "".join(char for char in lead["phone"] if char.isdigit())
    form = {"id": order_id, "name": lead["name"], "phone": phone, "country": lead["country"]}
    reply = network.post(NETWORK_URL, data=form, timeout=12)
    reply.raise_for_status()
    uid = reply.json()["uid"]
    table.update_item(
        TableName=TABLE_NAME,
        Key=key,
        UpdateExpression="SET #status = :delivered, nid = :nid",
        ConditionExpression="#status = :queued",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":delivered": {"S": "delivered"},
            ":queued": {"S": "queued"},
            ":nid": {"S": uid},
        },
    )
    answer = {"order_id": order_id, "delivery": "delivered", "network_order_id": uid}
    return {
        "statusCode": 201,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(answer),
    }
