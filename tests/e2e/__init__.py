"""The stories of the deployed application, told only through what a user has: the network, the AWS API, CloudWatch,
and the operator function to invoke.

All of them share one laboratory (`conftest.lab`) and run in the order of the files: first what can be seen while all
is well, then both failures at once, then the way back. Long waits overlap: what is quick is told while a
hold-down runs. Those marked long are for `make test-all`. Each test can also be run alone; its fixtures bring about
what it needs:

    build/venv/bin/pytest tests/e2e -k icmp
    build/venv/bin/pytest tests/e2e/test_3_return.py -k returns_to_direct_connect
    build/venv/bin/python -m lab.host build/venv/bin/pytest -s -x tests/e2e -k drift   # inside, with its output

Logs of the emulated AWS and of the functions stay in `build/e2e/` afterwards.
"""
