"""Asks flagd's own Python provider, evaluating in process and synced over gRPC.

Arguments: port and selector of a flagd.sync.v1 service. Each line on standard input is a JSON list of
questions {"flagKey", "type", "context"}, or {"waitFor": version} to wait until that version has arrived;
each line is answered by one line of JSON.
"""

import json
import logging
import sys
import time

from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

DEFAULTS = {"boolean": False, "string": "", "integer": 0, "float": 0.0, "object": {}}


def answer(provider, question):
    attributes = dict(question["context"])
    context = EvaluationContext(targeting_key=attributes.pop("targetingKey", None), attributes=attributes)
    kind = question["type"]
    resolve = getattr(provider, f"resolve_{kind}_details")
    try:
        details = resolve(question["flagKey"], DEFAULTS[kind], context)
    except OpenFeatureError as error:
        return {"reason": "ERROR", "errorCode": error.error_code.value}
    found = {"reason": str(getattr(details.reason, "value", details.reason))}
    if details.error_code is not None:
        found["errorCode"] = details.error_code.value
    elif details.variant is not None:
        found["variant"] = details.variant
        found["value"] = details.value
    return found


def wait_for(provider, version):
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        metadata = provider.resolver.evaluator.get_flag_set_metadata()
        if str(metadata.get("version")) == version:
            return True
        time.sleep(0.02)
    return False


def main():
    # Every rule that fails is told there, and rules that fail are part of the questions.
    logging.disable(logging.CRITICAL)
    port, selector = int(sys.argv[1]), sys.argv[2]
    provider = FlagdProvider(
        resolver_type=ResolverType.IN_PROCESS,
        host="127.0.0.1",
        port=port,
        selector=selector,
        deadline_ms=20000,
    )
    provider.initialize(EvaluationContext())
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, dict):
            told = wait_for(provider, asked["waitFor"])
        else:
            told = [answer(provider, question) for question in asked]
        print(json.dumps(told), flush=True)
    provider.shutdown()


main()
