"""A call that a person approves, from Python, with nothing but its standard library."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request

URL = os.environ["HOLDPOINT_URL"] + "/graphql"
TOKEN = os.environ["HOLDPOINT_TOKEN"]


def graphql(query, **variables):
    """Asks until there is an answer: every mutation here is made once, however often it arrives."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(URL, body, headers), timeout=30) as response:
                answer = json.load(response)
                break
        except urllib.error.HTTPError as error:
            # Away, or too busy. Anything else, such as a key that opens nothing, would be said again.
            if error.code != 429 and error.code < 500:
                raise SystemExit(f"{error.code}: {error.read().decode(errors='replace')}") from error
            time.sleep(1)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            time.sleep(1)
    if "errors" in answer:
        raise RuntimeError(answer["errors"][0]["message"])
    payload = next(iter(answer["data"].values()))
    if isinstance(payload, dict) and payload.get("success") is False:
        raise RuntimeError(payload["message"])
    return payload


session = graphql(
    "mutation($input: CreateSessionInput!) { createSession(input: $input) { success message session { id } } }",
    input={
        "teamId": os.environ["HOLDPOINT_TEAM"],
        "initialMessage": "Delete the logs of 2019.",
        "idempotencyKey": f"python {os.getpid()} {time.time_ns()}",
    },
)["session"]["id"]

approval = graphql(
    "mutation($input: AgentCallApprovalInput!) {"
    " requestAgentCallApproval(input: $input) { success message approval { id } } }",
    input={
        "sessionId": session,
        "agentName": "janitor",
        "proposedAction": "delete a folder",
        "inputData": {"path": "logs/2019"},
        "idempotencyKey": f"delete in {session}",
    },
)["approval"]["id"]

while True:
    call = graphql(
        "query($id: ID!) { approval(id: $id) {"
        " status rejectionReason ... on AgentCallApproval { inputData approvedInput } } }",
        id=approval,
    )
    if call["status"] != "PENDING":
        break
    time.sleep(1)

if call["status"] != "APPROVED":
    raise SystemExit(f"not allowed: {call['status']} {call['rejectionReason'] or ''}")

# From here it may run, once: whoever comes second is refused.
graphql("mutation($id: ID!) { startAgentCall(approvalId: $id) { success message } }", id=approval)
path = (call["approvedInput"] or call["inputData"])["path"]
print(f"deleted {path}")
graphql(
    "mutation($input: AgentResponseInput!) { submitAgentResponse(input: $input) { success message } }",
    input={
        "agentCallApprovalId": approval,
        "response": f"deleted {path}",
        "tokensUsed": 0,
        "actualCost": "0",
        "idempotencyKey": f"answer of {approval}",
    },
)
