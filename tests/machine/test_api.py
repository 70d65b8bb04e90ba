"""The JSON API answers in the form that its schemas give, and takes no field back."""

import json
import re

import jsonschema
import pytest
from click.testing import CliRunner

from kb.exports import api
from kb.exports.claim_document import LOCAL
from kb.exports.models import RESPONSES
from repro.cli import cli
from repro.cli.parts.report import claims_data
from tests.conftest import GOLDENS
from tests.machine_sites import texts_of
from tests.states_project import CLAIMS

FIELDS = GOLDENS / "api" / "fields.txt"


def test_answers_follow_their_schemas(texts):
    """Each is valid by an independent validator, and so is each schema."""
    files = {name: file for name, (file, _) in api.WHAT.items()} | {"split": "claims/{id}.json"}
    for name, file in files.items():
        schema = json.loads(texts[f"api/v1/schemas/{name}.json"])
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        paths = [path for path in texts if re.fullmatch(f"api/v1/{file.replace('{id}', '[^/]+')}", path)]
        paths = [path for path in paths if ("split_into" in json.loads(texts[path])) == (name == "split")]
        assert paths or name == "split"
        for path in paths:
            assert list(validator.iter_errors(json.loads(texts[path]))) == [], path


def test_a_wrong_answer_is_refused(texts):
    """The schemas are no empty words."""
    schema = json.loads(texts["api/v1/schemas/claims.json"])
    answer = json.loads(texts["api/v1/claims.json"])
    answer["claims"][0]["state"] = "true"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, schema)


def fields_of(schema, node, prefix=""):
    """Yield the place of every field of a schema, such as `claims[].id`."""
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    for name, inner in node.get("properties", {}).items():
        yield f"{prefix}{name}"
        yield from fields_of(schema, inner, f"{prefix}{name}.")
    for inner in [*node.get("anyOf", []), *filter(None, [node.get("items")]), *node.get("prefixItems", [])]:
        yield from fields_of(schema, inner, f"{prefix.rstrip('.')}[]." if "items" in node else prefix)
    if isinstance(node.get("additionalProperties"), dict):
        yield from fields_of(schema, node["additionalProperties"], f"{prefix}*.")


def test_no_field_of_the_api_vanishes(update_goldens):
    """`--update-goldens` adds new fields to the list; taking one away needs a version 2."""
    now = set()
    for name, model in RESPONSES.items():
        schema = model.model_json_schema()
        now |= {f"{name} {field}" for field in fields_of(schema, schema)}
    promised = set(FIELDS.read_text(encoding="utf-8").splitlines()) if FIELDS.exists() else set()
    if update_goldens:
        promised |= now
        FIELDS.write_text("\n".join(sorted(promised)) + "\n", encoding="utf-8")
    assert promised - now == set()
    assert now - promised == set()


@pytest.mark.parametrize("claim_id", CLAIMS)
def test_a_claim_is_one_document_everywhere(toy, project, claim_id):
    """`repro show --json` and `repro run --json` give what the API answers, up to the site's address."""
    answer = texts_of(toy)[f"api/v1/claims/{claim_id}.json"].replace(toy.address, LOCAL)
    shown = json.loads(CliRunner().invoke(cli, ["--root", str(project), "show", claim_id, "--json"]).output)
    assert shown == json.loads(answer)
    judgement = toy.judgements[claim_id]
    assert claims_data(toy.project, [judgement], recorded=toy.project) == [shown]


def test_a_list_is_one_document_everywhere(toy, project):
    """`repro list --json` gives what the API answers, up to the site's address."""
    answer = texts_of(toy)["api/v1/claims.json"].replace(toy.address, LOCAL)
    shown = CliRunner().invoke(cli, ["--root", str(project), "list", "--json"])
    assert json.loads(shown.output) == json.loads(answer)


def test_evidence_is_named_by_its_digest(toy):
    """The digest is that of the file in the repository."""
    answer = json.loads(texts_of(toy)["api/v1/claims/toy-claim.json"])
    for piece in answer["evidence"]:
        filed = json.loads((toy.root / piece["path"]).read_text(encoding="utf-8"))
        assert filed["sha256"] == piece["sha256"]
