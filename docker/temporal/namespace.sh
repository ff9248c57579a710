#!/bin/sh
# Makes what formwork expects of a server: its namespace, and its search attributes. What is there already is left as it is.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where.
set -eu

# A run goes on under its key as long as the server still knows how its last execution ended.
RETENTION=720h
# Frontends learn of a new namespace when they next read the list, every 10 s; three times that on a slow machine.
ATTEMPTS=30

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# One call a name: of several in one call, only the first was added.
for name in FormworkStage FormworkTask FormworkModel FormworkRunKey; do
  attempt=1
  until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword; do
    [ "$attempt" -lt "$ATTEMPTS" ] || exit 1
    attempt=$((attempt + 1))
    sleep 1
  done
done
