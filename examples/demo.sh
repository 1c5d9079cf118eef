#!/usr/bin/env bash
# The demo: a wild organisation checked, explained and mended, in a copy of examples/wild-west. Nothing in the repository changes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
fairway="$here/../bin/fairway"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/wild-west" "$work/"
cd "$work"

# say prints a step; run shows a command, runs it, and does not stop at findings (exit code 1) or unreadable input (3).
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
  printf '\n$ %s\n' "$*"
  local code=0
  PATH="$(dirname "$fairway"):$PATH" "$@" || code=$?
  if [ "$code" -gt 3 ]; then exit "$code"; fi
}
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "1. Eight teams, copied manifests: what hurts now (the basic profile, one team in full)"
run fairway lint --profile basic wild-west/dialog

say "2. Why it matters: the story behind one rule"
run fairway explain cascading-restarts

say "3. The whole organisation, one line a finding"
printf '\n$ fairway lint -q wild-west | grep must | head -15\n'
"$fairway" lint -q --color never wild-west > findings.txt || true
grep ' must ' findings.txt > must.txt
head -15 must.txt
before=$(grep -cE ": (must|should|could) " findings.txt)

say "4. What can be mended without guessing: a diff first"
printf '\n$ fairway lint --diff wild-west/billing\n'
"$fairway" lint --diff wild-west/billing > billing.diff || true
head -60 billing.diff

say "5. Mend it"
printf '\n$ fairway lint --fix wild-west\n'
"$fairway" lint --fix -q --color never wild-west > after.txt || true
after=$(grep -cE ": (must|should|could) " after.txt)
printf '\nlines of findings: %s before, %s after; the rest needs a person, and says what to decide\n' "$before" "$after"

say "6. A second run has nothing left to mend"
printf '\n$ fairway lint --diff wild-west\n'
"$fairway" lint --diff wild-west > again.diff || true
printf '%s lines of diff\n' "$(wc -l < again.diff)"

say "7. A new service that needs no mending: 45 s of boot, Redis, two clouds"
run fairway new stateless-service --name checkout --owner payments --image registry.example.com/payments/checkout:1.4.2 \
  --boot 45s --cloud eks,aks --set 'dependencies=[{app: redis, port: 6379}]'
printf '\n$ grep -A 4 startupProbe: checkout/deploy/base/deployment.yaml\n'
grep -A 4 startupProbe: checkout/deploy/base/deployment.yaml
run fairway lint --profile strict checkout
