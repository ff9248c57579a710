#!/bin/sh
# Brings both databases to the schema of this server version: makes them the first time, applies what is missing after an upgrade.
# Where to and as whom is in SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD.
set -eu

bring_up_to_date() {
  # A database that is there already is refused; any other trouble meets the next command as well, which ends the script.
  temporal-sql-tool --database "$1" create || echo "going on with the database $1 that is there"
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-dir "$SCHEMA/$2/versioned"
}

SCHEMA=${SCHEMA:-/etc/temporal/schema/postgresql/v12}
bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
