# SPDX-License-Identifier: Apache-2.0
"""TUF repositories, good and bad, step by step, made with python3-cryptography and none of our code.

One kind of case, "workflow": a client begins with "root" and goes through "steps". In each,
the server has "files" (path: text), the client refreshes at "now" and fetches "ask", and "outcome" is "good" or the id
of the check that refuses. What was trusted stays.
"""

import _tuf_keys  # noqa: F401  these register their cases, in this order
import _tuf_root  # noqa: F401
import _tuf_online  # noqa: F401
import _tuf_targets  # noqa: F401
from _tuf import CASES, Repo, Steps


def generate(out):
    for identifier, why, function in CASES:
        repo = Repo()
        steps = Steps(repo)
        function(repo, steps)
        expect = "pass" if all(step["outcome"] == "good" for step in steps.done) else "refuse"
        out.case(identifier, "workflow", expect, why, root=repo.first_root, steps=steps.done)
