#!/bin/sh
# Run inside a layer's python/ folder: takes out what is never imported in Lambda.
set -eu
# Lambda's Python brings its own boto3; a second one would cost 25 MB and start slower.
rm -rf boto3 botocore s3transfer boto3-*.dist-info botocore-*.dist-info s3transfer-*.dist-info
rm -rf bin .lock
find . -type d \( -name __pycache__ -o -name tests -o -name test -o -name testing_data \) -prune -exec rm -rf {} +
find . -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.h' -o -name '*.hpp' -o -name '*.a' -o -name '*.c' \) -delete
# Names of holidays are asked for in English; nothing of ours compiles Fortran.
if [ -d holidays/locale ]; then find holidays/locale -mindepth 1 -maxdepth 1 ! -name 'en*' -exec rm -rf {} +; fi
rm -rf numpy/f2py
