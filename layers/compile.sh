#!/bin/sh
# compile.sh FOLDER UV: writes .pyc files for Lambda's Python, which cannot write its own (/opt is read-only).
# They halve the cold start. "unchecked" because zip archives do not keep the sources' times.
set -eu
folder=$1
for python in python3.13 "$($2 python find --no-config --no-python-downloads 3.13 2>/dev/null || true)" \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do
  if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
    exec "$python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$folder"
  fi
done
echo "No Python 3.13 here: the layer is built without .pyc files and starts about a second slower." >&2
