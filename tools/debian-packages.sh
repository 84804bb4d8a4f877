#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks:
# Chromium for the browser tests, a C compiler for the race detector, a PostgreSQL
# server, which the tests start themselves.
set -eu

missing=()
command -v "${CHROMIUM:-chromium}" >/dev/null || missing+=(chromium)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
# Debian puts the server into a folder of its major version, and not into PATH.
command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "The tests need ${missing[*]}, and this is no Debian: install them, or name a Chromium in CHROMIUM." >&2
	exit 1
fi
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "Installing ${missing[*]} from Debian's packages."
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
	# The tests need the server's programs, and nobody a database that runs at every boot.
	$sudo apt-get install -q -y --no-install-recommends postgresql-common
	$sudo sed -i 's/^#create_main_cluster = true/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
fi
$sudo apt-get install -q -y --no-install-recommends "${missing[@]}"
