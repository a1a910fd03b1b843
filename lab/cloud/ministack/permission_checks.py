"""Answers on MiniStack's port whether a caller may do something to EC2, by MiniStack's own IAM.

The emulated EC2 lives in another process; it asks here, so that the policies of the deployed roles hold there too.
POST /lab/permitted takes access_key, action, resource (an ARN or *) and context (condition keys); it answers allowed,
principal and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PATH = "/lab/permitted"


def permitted(evaluator: Any, account: str, region: str, question: Mapping[str, Any]) -> dict[str, Any]:
    """MiniStack's verdict on one question."""
    principal = evaluator.resolve_principal(question["access_key"], account)
    if not hasattr(principal, "policies"):
        return {"allowed": False, "principal": "", "why": principal.message}
    if principal.policies is None:
        return {"allowed": True, "principal": principal.arn, "why": "the account's root"}
    function = principal.arn.rpartition("/")[2]
    keys = {"lambda:sourcefunctionarn": f"arn:aws:lambda:{region}:{account}:function:{function}"}
    result = evaluator.evaluate(
        evaluator.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=question["action"],
            resource_arn=question["resource"],
            region=region,
            service_context=keys | {name.lower(): value for name, value in question["context"].items()},
            principal_keys=principal.keys,
        ),
        principal.policies,
        *principal.limits,
    )
    return {"allowed": result.decision == "Allow", "principal": principal.arn, "why": result.decision}
