#!/bin/sh
# A shell script that asks a person before it goes on, with nothing but curl, sed and sleep.
set -eu

# graphql BODY: the answer of the API; asked again while the server is away.
graphql() {
  until curl --silent --show-error --fail --max-time 30 "$HOLDPOINT_URL/graphql" \
    -H "authorization: Bearer $HOLDPOINT_TOKEN" -H 'content-type: application/json' -d "$1"; do
    sleep 1
  done
}
# known ID WHAT: goes no further without it.
known() { [ -n "$1" ] || { echo "$2 was refused: is the key an AGENT's, of this team's project?" >&2; exit 1; }; }
# field NAME: the first text of this name in the answer.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

session=$(graphql '{"query":"mutation($team: ID!) { createSession(input: {teamId: $team, initialMessage: \"tidy up\"}) { session { id } } }","variables":{"team":"'"$HOLDPOINT_TEAM"'"}}' | field id)
known "$session" 'a session'

question=$(graphql '{"query":"mutation($session: ID!) { requestIntervention(input: {sessionId: $session, agentName: \"janitor\", type: APPROVAL, message: \"May logs/2019 be deleted?\", idempotencyKey: \"delete logs/2019 in '"$session"'\"}) { intervention { id } } }","variables":{"session":"'"$session"'"}}' | field id)
known "$question" 'a question'

while :; do
  answer=$(graphql '{"query":"query($id: ID!) { intervention(id: $id) { status resolution } }","variables":{"id":"'"$question"'"}}')
  [ "$(printf %s "$answer" | field status)" = PENDING ] || break
  sleep 1
done

if [ "$(printf %s "$answer" | field resolution)" = APPROVED ]; then
  echo 'deleted logs/2019'
else
  echo 'left logs/2019 alone'
fi
