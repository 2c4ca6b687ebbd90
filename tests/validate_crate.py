"""Validate a crate without a network: `.venv-crate/bin/python tests/validate_crate.py FOLDER [CHECK TO SKIP ...]`.

Prints what the Provenance Run Crate 0.5 requires or recommends and the crate lacks, a line each.
"""

import importlib.resources
import sys

import requests
from requests.adapters import BaseAdapter
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils.http import HttpRequester

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class Carried(BaseAdapter):
    """Answer with the context that the package rocrate carries."""

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response._content = (importlib.resources.files("rocrate") / "data/ro-crate.jsonld").read_bytes()
        response.headers["Content-Type"] = "application/ld+json"
        return response

    def close(self):
        pass


def main(folder, *skipped):
    settings = ValidationSettings(
        rocrate_uri=folder,
        profile_identifier="provenance-run-crate-0.5",
        requirement_severity=Severity.RECOMMENDED,
        no_cache=True,
        skip_checks=list(skipped),
    )
    HttpRequester().session.mount(CONTEXT, Carried())
    result = services.validate(settings)
    for issue in result.get_issues():
        print(issue.severity.name, issue.check.identifier, issue.message)
    return 0 if result.passed() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
