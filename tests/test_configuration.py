"""Wrong configurations, each with the message it must give."""

import json
import os
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from em_study.claims.settings import Claim
from em_study.configuration.layers import read_file
from em_study.configuration.loading import load
from em_study.configuration.reference import reference, schema
from em_study.configuration.study import Study
from em_study.errors import ConfigurationError
from em_study.settings import as_params, from_params
from em_study.tables.dictionary import data_dictionary

ROOT = Path(__file__).parent.parent
ARTICLES = ("analytics_vidhya", "chassagnol_2023", "goeduhub", "iris_elsewhere", "old_faithful", "xu_2021")
GOOD = {
    "seed": 1,
    "experiments": {
        "toy": {
            "data": {
                "source": "gaussian_mixture",
                "n_unlabeled": 100,
                "n_labeled": 20,
                "weights": [0.5, 0.5],
                "means": [[0, 0], [3, 3]],
                "covariances": [[[1, 0], [0, 1]], [[1, 0], [0, 1]]],
            },
            "fits": {"first": {"initialization": "labels", "semi_supervised": "init_only"}},
            "protocols": {"fit": "first"},
        }
    },
}
TOY = "experiments.toy"
CLAIM = {
    **{"experiment": "toy", "source": "a text", "statement": "it holds", "explanation": "for {n} fits"},
    **{"table": "fits", "quantity": "n_iter", "published": 3},
}
NO_FILE = {"unlabeled": {"path": "no.csv"}}
MINE = {"experiments": {"mine": {"data": {"source": "csv", "features": ["a"]}, "fits": {"f": {}}}}}


def overlay(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def problems(tmp_path, *layers):
    files = []
    for i, layer in enumerate(layers):
        files.append(tmp_path / f"{i}.yaml")
        files[-1].write_text(layer if isinstance(layer, str) else yaml.safe_dump(layer), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(files)
    return str(caught.value)


WRONG = [
    ("seed", -1, "seed: must be greater than or equal to 0, got -1"),
    ("seed", None, "seed: is required, but missing"),
    ("sed", 1, "sed: unknown key; did you mean 'seed'? Allowed: seed, experiments"),
    ("experiments", 3, "experiments: must be a block of keys and values, got 3"),
    ("experiments", {"Toy": {}}, "a name must be lower-case letters"),
    ("experiments", {"../x": {}}, "a name must be lower-case letters"),
    (f"{TOY}.replicates", 0, "replicates: must be greater than or equal to 1, got 0"),
    (f"{TOY}.replicates", True, "replicates: must be a valid integer, got True"),
    (f"{TOY}.replicates", "ten", "replicates: must be a valid integer, got 'ten'"),
    (f"{TOY}.fits", {"first": None, "clean up": {}}, "fits.clean up: a name must be lower-case letters"),
    (f"{TOY}.fits.first.tol", -1, "fits.first.tol: must be greater than or equal to 0, got -1"),
    (f"{TOY}.fits.first.tol", float("nan"), "fits.first.tol: must be a finite number"),
    (f"{TOY}.fits.first.tolerance", 1, "fits.first.tolerance: unknown key; did you mean 'tol'?"),
    (f"{TOY}.fits.first.max_iter", 1.5, "fits.first.max_iter: must be a valid integer"),
    (f"{TOY}.fits.first.initialization", "label", "is 'label'; did you mean 'labels'? Allowed: random, labels"),
    (f"{TOY}.fits.first.covariance_type", "ful", "is 'ful'; did you mean 'full'?"),
    (f"{TOY}.fits.first.semi_supervised", "none", "must be 'init_only' or 'clamped'"),
    (f"{TOY}.fits.first.initialization", "random", "needs initial parameters from the labels: must be 'labels'"),
    (f"{TOY}.fits.first.n_init", 3, "n_init: an initialization from labels is always the same: must be 1"),
    (f"{TOY}.fits.first.n_components", 3, "n_components: must be 2, the number of classes"),
    (f"{TOY}.fits.first.semi_supervised", "clamped", "'first' is clamped, which scikit-learn cannot do"),
    (f"{TOY}.protocols.fit", "frist", "protocols.fit: there is no fit 'frist'. Allowed: first"),
    (f"{TOY}.data.source", "cvs", "data.source: is 'cvs'; did you mean 'csv'? Allowed: gaussian_mixture, csv, sklearn"),
    (f"{TOY}.data.source", None, "data.source: is required, but missing. Allowed: gaussian_mixture, csv, sklearn"),
    (f"{TOY}.data.n_labeled", 0, "the data have no labeled samples"),
    (f"{TOY}.data.weights", [0.5, 0.4], "data.weights: must sum to 1, the sum is 0.9"),
    (f"{TOY}.data.weights", [1.5, -0.5], "data.weights: must be positive"),
    (f"{TOY}.data.means", [[0, 0]], "data.means: must have one entry for each of the 2 weights, got 1"),
    (f"{TOY}.data.means", [[0, 0], [1]], "data.means: must all have the same number of features"),
    (f"{TOY}.data.means", [[0, 0], [1, "x"]], "data.means.1.1: must be a valid number, got 'x'"),
    (
        f"{TOY}.data.covariances",
        [[[1, 0], [0, 1]], [[1]]],
        "must be 2 x 2 matrices, as the means have 2 features; matrix 1",
    ),
    (f"{TOY}.data.covariances", [[[1, 2], [2, 1]]] * 2, "must be positive definite; matrix 0 (from 0) is not"),
    (f"{TOY}.data.covariances", [[[1, 0.5], [0, 1]]] * 2, "must be symmetric; matrix 0 (from 0) is not"),
    (f"{TOY}.fits.second", None, "fits.second: null removes a key, but there is none of this name"),
    (f"{TOY}.fits", {"first": None}, "fits: must have at least one entry"),
    (f"{TOY}.data.weights", 3, "data.weights: must be a list, got 3"),
    (f"{TOY}.data.counts", [5, 5], "data: takes either counts, or n_unlabeled and weights, not both"),
    (f"{TOY}.data.weights", None, "data: needs either n_unlabeled and weights, or counts"),
    (f"{TOY}.data.legacy_seed", 1, "data: legacy_seed needs counts"),
    (
        f"{TOY}.data",
        {"source": "sklearn", "dataset": "digits"},
        "is 'digits'; did you mean 'iris'? Allowed: iris, wine, breast_cancer",
    ),
    (f"{TOY}.fits.first.implementation", "sklearn", "fits.first.stopping: scikit-learn has its own stopping rule"),
    (
        f"{TOY}.fits.first",
        {"implementation": "sklearn", "stopping": "sklearn", "acceleration": "anderson", "kernel": "numba"},
        "fits.first.acceleration: scikit-learn has no acceleration: must be 'none'",
    ),
    (
        f"{TOY}.fits.first.acceleration",
        "anderson",
        "'first' is accelerated, so its steps differ from those of other implementations",
    ),
    (
        TOY,
        {"data": {"holes": {"fraction": 0.1}}, "protocols": None, "fits": {"first": {"kernel": "numba"}}},
        "fits.first.kernel: does not support missing values (introduced by data.holes): must be 'numpy'",
    ),
    (f"{TOY}.fits.first.acceleration", "andersen", "is 'andersen'; did you mean 'anderson'? Allowed: none, anderson"),
    (f"{TOY}.fits.first.stopping", "aitkens", "is 'aitkens'; did you mean 'aitken'?"),
    (f"{TOY}.published", {"frist": [{"mean": [1]}]}, "published.frist: there is no fit 'frist'; did you mean 'first'?"),
    ("claims", {"a1": {}}, "a claim's number is a capital letter and digits"),
    ("claims.A1", {**CLAIM, "explanation": 3}, "claims.A1.explanation: must be a list, got 3"),
    ("claims.A1", {**CLAIM, "explanation": {"a": 1}}, "claims.A1.explanation: must be a list"),
    (
        "claims.A1",
        {**CLAIM, "quantity": "covariance_type"},
        "is 'covariance_type', a column of text: name a column of numbers",
    ),
    ("claims.A1", {**CLAIM, "explanation": "{n!r:.2f}"}, "a placeholder of a number must not contain '!'"),
    ("claims.A1", {**CLAIM, "over": {}}, "claims.A1.over: must have at least one entry"),
    (
        "claims.A1",
        {**CLAIM, "explanation": "{x_count}", "evidence": {"x": {"table": "fits", "quantity": "n_iter"}}},
        "{x_count} stands for no number",
    ),
    (
        "claims.A1",
        {**CLAIM, "among": {"table": "parameters", "quantity": "agrees", "published": 1}},
        "claims.A1.among.table: is parameters, which does not have the replicates of fits",
    ),
    ("claims.A1", {**CLAIM, "kind": "number", "relation": "at_least"}, "must be equals for the kind number"),
    (
        "claims.A1",
        {**CLAIM, "kind": "inequality", "there_is": False},
        "must be true for the kind inequality",
    ),
    (
        "claims.A1",
        {"source": "s", "statement": "t", "not_tested": "x", "table": "fits"},
        "claims.A1.table: unknown key",
    ),
    ("claims.A1", {**CLAIM, "table": "sweep/x"}, "claims.A1.table: is 'sweep/x'. Allowed: fits, parameters,"),
    (
        "claims.A1",
        {**CLAIM, "table": "measurements", "quantity": "value"},
        "claims.A1.where: needs the key measurement",
    ),
    (
        "claims.A1",
        {**CLAIM, "evidence": {"n": {"table": "fits", "quantity": "n_iter"}}},
        "claims.A1.evidence.n: is the name of one of the claim's own numbers",
    ),
    ("claims.A1", {**CLAIM, "quantity": "n_itr"}, "table fits has no column 'n_itr'; did you mean 'n_iter'?"),
    (
        "claims.A1",
        {**CLAIM, "table": "agreement", "quantity": "agreement", "where": {"protocol": "same"}},
        "there is no protocol 'same'",
    ),
    ("claims.A1", {**CLAIM, "where": {"fitt": 1}}, "where.fitt: table fits has no such column; did you mean 'fit'?"),
    ("claims.A1", {**CLAIM, "explanation": "{x}"}, "claims.A1.explanation: {x} stands for no number"),
    ("claims.A1", {**CLAIM, "explanation": "{n.__class__}"}, "{n.__class__} stands for no number"),
    ("claims.A1", {**CLAIM, "explanation": "{n:q}"}, "claims.A1.explanation: '{n:q}' cannot be filled in"),
    ("claims.A1", {**CLAIM, "relation": "equal"}, "is 'equal'; did you mean 'equals'?"),
    ("claims.A1", {**CLAIM, "where": {"fit": [1]}}, "claims.A1.where.fit: must be one word or number"),
    (
        f"{TOY}.data",
        {"source": "csv", "features": ["a"]},
        "data: needs either rows: {path: ...} (one file), or unlabeled",
    ),
    (f"{TOY}.replicates", 99_999_999, "replicates: must be less than or equal to 100000"),
    (f"{TOY}.data.n_unlabeled", 100_000_000, None),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_wrong_value(tmp_path, path, value, message):
    if message is None:
        message = "replicates x samples x features is"
        layers = (GOOD, overlay(path, value), overlay(f"{TOY}.replicates", 2))
    else:
        layers = (GOOD, overlay(path, value))
    assert message in problems(tmp_path, *layers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\nseed: 2\n", "0.yaml:2: the key 'seed' is given twice"),
        ("seed: [1\n", "0.yaml:1: not valid YAML: did not find expected ',' or ']'"),
        ("seed: 1\n# \x07\n", "0.yaml:2: contains a character that YAML does not allow (U+0007)"),
        ("a:\n  b: Part A: the rest\n", "or brackets needs quotes. The line is 'b: Part A: the rest'"),
        ("a: {b: mean[x]}\n", "or brackets needs quotes. The line is 'a: {b: mean[x]}'"),
        ("a:\n\tb: 1\n", "0.yaml:2: not valid YAML: found character that cannot start any token; indent by spaces"),
        ("a: 'b\nc: 1\n", "0.yaml:1: not valid YAML: found unexpected end of stream"),
        ("- 1\n", "must have keys and values at its top level, not a list"),
        ("seed: !!float ''\n", "0.yaml:1: not a readable value: ''"),
        ("seed: !!bool x\n", "0.yaml:1: not a readable value: 'x'"),
        ("seed: " + "[" * 5000 + "\n", "nested too deeply"),
        ("seed: !!python/object/apply:os.system ['true']\n", "0.yaml:1"),
        ("a: &a 3\nb: {<<: *a}\n", "0.yaml:2: << must be followed by a block"),
        ("a: &a [1]\nb: &b [*a, *a]\nc: &c {[1]: 2}\n", "a key must be a plain word"),
    ],
)
def test_text_that_is_no_configuration(tmp_path, text, message):
    assert message in problems(tmp_path, text)


def test_aliases_that_multiply_are_stopped(tmp_path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "too many values" in problems(tmp_path, "\n".join(lines))


def test_every_problem_is_reported_at_once_with_its_place(tmp_path):
    text = problems(
        tmp_path, GOOD, overlay(f"{TOY}.fits.first.tol", -1), overlay(f"{TOY}.protocols.fit", "x"), {"sed": 1}
    )
    assert "3 problems" in text
    assert f"1.yaml:5 {TOY}.fits.first.tol" in text.replace(str(tmp_path), "")
    assert f"2.yaml:4 {TOY}.protocols.fit" in text.replace(str(tmp_path), "")
    assert "3.yaml:1 sed" in text.replace(str(tmp_path), "")


def test_mistakes_of_every_kind_are_reported_in_one_round(tmp_path):
    sweep = {"experiment": "toi", "vary": {"fits.frist.tol": [1]}, "figure": {"x": "fits.frist.tol", "y": "acuracy"}}
    cells = {"experiment": "toy", "vary": {"data.n_unlabeled": [9, 0]}, "repeats": 3}
    claim = {**CLAIM, "experiment": "toi", "quantity": "n_itr", "relation": "equal"}
    more = {"sweeps": {"names": sweep, "cells": cells}, "claims": {"A1": claim, "A2": {**CLAIM, "where": {"fit": "f"}}}}
    text = problems(tmp_path, GOOD, overlay(f"{TOY}.fits.first.tol", -1), more)
    for reported in (
        f"1.yaml:5 {TOY}.fits.first.tol: must be greater",
        "2.yaml:3 claims.A1.experiment: there is no experiment 'toi'; did you mean 'toy'?",
        "claims.A1.quantity: table fits has no column 'n_itr'",
        "claims.A1.relation: is 'equal'",
        "claims.A2.where.fit: experiment toy has no fit 'f'",
        "sweeps.names.experiment: there is no experiment 'toi'",
        "sweeps.names.vary.fits.frist.tol: there is no fit 'frist'; did you mean 'first'?",
        "sweeps.names.figure.y: is 'acuracy'",
        "sweeps.cells.repeats: unknown key",
        "sweeps.cells.vary.data.n_unlabeled: in the cell data.n_unlabeled: 0: data.n_unlabeled: must be greater",
    ):
        assert reported in text
    assert "10 problems" in text


@pytest.mark.parametrize(
    ("parameter", "reported"),
    [
        ("weight", "weight"),
        ("mean[1]", "mean[1]"),
        ("mean[body, mass [g]]", "mean[1]"),
        ("standard_deviation[0,5]", "standard_deviation[0]"),
        ("covariance[0,5,body, mass [g]]", "covariance[0,1]"),
        ("covariance[1, 0]", "covariance[1,0]"),
        ("mean[bodymass]", "where.parameter: there is no feature 'bodymass'; did you mean 'body, mass [g]'?"),
        ("mean[2]", "there is no feature '2'"),
        ("men[0]", "where.parameter: is not a parameter. Allowed: weight, mean[feature]"),
        ("covariance[0]", "is not a parameter. Allowed: weight"),
    ],
)
def test_parameters_are_named_by_features_or_their_numbers(tmp_path, parameter, reported):
    (tmp_path / "u.csv").write_text('"0,5","body, mass [g]"\n')
    mine = {"source": "csv", "features": ["0,5", "body, mass [g]"], "unlabeled": {"path": str(tmp_path / "u.csv")}}
    claim = {**CLAIM, "experiment": "mine", "table": "parameters", "quantity": "value"}
    claim["where"] = {"fit": "f", "parameter": parameter}
    claim["evidence"] = {"w": {"table": "parameters", "quantity": "value", "where": {"parameter": parameter}}}
    more = {"experiments": {"mine": {"data": mine, "fits": {"f": {"n_components": 2}}}}, "claims": {"A1": claim}}
    if " " in reported and "[" not in reported.split()[0]:
        assert reported in problems(tmp_path, GOOD, more)
        return
    for name, layer in (("good", GOOD), ("more", more)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(layer))
    found = load([tmp_path / "good.yaml", tmp_path / "more.yaml"]).study.claims["A1"]
    assert found.where["parameter"] == found.evidence["w"].where["parameter"] == reported


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ("published: 0.60", 0.005),
        ("published: 0.6", 0.05),
        ("published: 2314.316", 0.0005),
        ("published: 2314", 0.5),
        ("published: 30, quantity: n_iter", 0),
        ("published: 6, table: measurements, quantity: value, where: {measurement: printed_numbers}", 0),
        ("published: -1.0e-3", 0.00005),
        ("published: 2e3", 0.5),
        ("published: 0.60, tolerance: 0", 0),
        ("published: 0.60, kind: identity", 0),
        ("published: 0.60, relation: at_least", 0),
    ],
)
def test_a_printed_number_is_met_to_half_of_its_last_digit(tmp_path, text, tolerance):
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(GOOD))
    (tmp_path / "own.yaml").write_text(
        f"claims: {{A1: {{statement: s, experiment: toy, <<: {{table: fits, quantity: bic}}, {text}}}}}"
    )
    claim = load([tmp_path / "good.yaml", tmp_path / "own.yaml"]).study.claims["A1"]
    assert (claim.tolerance, claim.source) == (tolerance, "this study")
    assert from_params(Claim, as_params(claim)) == claim


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unlabeled": {"path": "no.csv"}}, "unlabeled.path: there is no file 'no.csv'"),
        ({"unlabeled": {"path": "no.csv"}}, "n_components: is required: data without labels"),
        ({"unlabeled": {"path": "no.csv", "target": "a"}}, "unlabeled.target: 'a' is also one of the features"),
        ({"unlabeled": {"path": "no.csv"}, "features": ["a", "a"]}, "features: must name each column only once"),
        ({"unlabeled": {"path": "no.csv"}, "labeled": {"path": "no.csv"}}, "labeled.target: is required"),
        ({}, "data: needs either rows: {path: ...} (one file), or unlabeled: {path: ...}"),
        (
            {"features": ["predicted class"], **NO_FILE},
            "data.features: 'predicted class' is also the name of a column in the table of predictions",
        ),
        (
            {"features": ["a", "predicted component"], **NO_FILE},
            "'predicted component' is also the name of a column in the table of predictions",
        ),
        (
            {"features": ["true class"], **NO_FILE},
            "'true class' is also the name of a column in the table of predictions",
        ),
        (
            {"features": ["posterior of a"], **NO_FILE},
            "'posterior of a' is also the name of a column in the table of predictions",
        ),
        (
            {"features": ["a", "a was missing"], "missing": "allow", **NO_FILE},
            "'a was missing' is also the name of a column in the table of imputed values",
        ),
        ({**NO_FILE, "class_names": ["a"]}, "data.class_names: is for names that look like"),
        ({**NO_FILE, "class_names": [None]}, "data.class_names.0: must be text, got None"),
    ],
)
def test_wrong_csv_source(tmp_path, change, message):
    layers = (GOOD, MINE, {"experiments": {"mine": {"data": change}}})
    assert message in problems(tmp_path, *layers)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b\n", None),
        ("A,b\n", "data.features: u.csv has no column 'a'; did you mean 'A'? Allowed: A, b"),
        ("aa,b\n", "data.features: u.csv has no column 'a'; did you mean 'aa'?"),
        ("a,bb\n", "data.unlabeled.target: u.csv has no column 'b'; did you mean 'bb'?"),
    ],
)
def test_columns_are_looked_for_before_any_job(tmp_path, monkeypatch, header, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "u.csv").write_text(header)
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(GOOD))
    mine = {"source": "csv", "features": ["a"], "unlabeled": {"path": "u.csv", "target": "b"}}
    layer = {"experiments": {"mine": {"data": mine, "fits": {"f": {}}}}}
    if message is None:
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(layer))
        assert "mine" in load([tmp_path / "good.yaml", tmp_path / "mine.yaml"]).study.experiments
    else:
        assert message in problems(tmp_path, GOOD, layer)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("u{1}.csv", "mine.data.unlabeled.path: is 'u{1}.csv': must not contain '{1}', which Snakemake would replace"),
        ("{a.b, c}/u.csv", "must not contain '{a.b, c}'"),
        ("u{a b}{}.csv", "there is no file 'u{a b}{}.csv'"),
    ],
)
def test_what_snakemake_would_fill_in_is_no_file(tmp_path, name, message):
    mine = {"source": "csv", "features": ["a"], "unlabeled": {"path": name}}
    layer = {"experiments": {"mine": {"data": mine, "fits": {"f": {"n_components": 2}}}}}
    assert message in problems(tmp_path, GOOD, layer)


def test_an_overlay_or_article_that_snakemake_would_fill_in_is_reported(tmp_path):
    (tmp_path / "a{b}.yaml").write_text(yaml.safe_dump(GOOD))
    with pytest.raises(ConfigurationError, match=r"a\{b\}.yaml: must not contain '\{b\}'"):
        load([tmp_path / "a{b}.yaml"])
    assert "0.yaml:2 articles.mine" in problems(tmp_path, {"articles": {"mine": "a{b}.yaml"}, **GOOD}).replace(
        f"{tmp_path}/", ""
    )


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_separator_is_found_before_any_job(tmp_path, monkeypatch, mark):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "u.csv").write_text(mark.join("abc") + "\n")
    mine = {"source": "csv", "features": ["a", "b"], "unlabeled": {"path": "u.csv", "target": "d"}}
    text = problems(tmp_path, GOOD, {"experiments": {"mine": {"data": mine, "fits": {"f": {}}}}})
    assert "has 1 problem:" in text
    assert "mine.data.unlabeled.target: u.csv (separated by " in text
    assert "has no column 'd'. Allowed: a, b, c" in text


def test_every_key_is_described():
    found = set()

    def collect(annotation):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
            found.add(annotation)
            for known in annotation.model_fields.values():
                collect(known.annotation)
        for part in typing.get_args(annotation):
            collect(part)

    collect(Study)
    for block in found:
        assert block.__doc__
        for name, known in block.model_fields.items():
            assert known.description, f"{block.__name__}.{name}"


def test_defaults_are_merged_into_a_block(tmp_path):
    good, more = tmp_path / "good.yaml", tmp_path / "more.yaml"
    good.write_text(yaml.safe_dump(GOOD))
    more.write_text(
        "experiments: {toy: {fits: {second: &s {initialization: random, tol: 1e-3, n_init: 2},"
        " third: {<<: *s, tol: 0.5, n_init: null}}}}"
    )
    fits = load([good, more]).study.experiments["toy"].fits
    assert (fits["third"].initialization, fits["third"].tol, fits["third"].n_init) == ("random", 0.5, 1)


def test_block_of_another_source_replaces_the_one_below(tmp_path):
    good, more = tmp_path / "good.yaml", tmp_path / "more.yaml"
    good.write_text(yaml.safe_dump(GOOD))
    more.write_text("experiments: {toy: {data: {source: sklearn, dataset: iris}}}")
    assert load([good, more]).study.experiments["toy"].data.dataset == "iris"


def test_default_study_and_its_overlays_are_valid(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent.parent)
    for overlays in ([], ["config/quick.yaml"], ["config/original-data.yaml"]):
        assert load(["config.yaml", *overlays]).study.experiments["customers"].replicates > 0


R_JOURNAL = [["config/r-journal.yaml"], ["config/r-journal.yaml", "config/r-journal-quick.yaml"]]
LOADED = """
import sys
from em_study.configuration.loading import load
from em_study.errors import ConfigurationError
try:
    load(["config.yaml", *sys.argv[1:]])
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("overlays", R_JOURNAL, ids=["full", "quick"])
def test_the_article_on_r_lacks_nothing_but_r(overlays, tmp_path):
    without_r = os.environ | {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", LOADED, *overlays]
    told = subprocess.run(command, cwd=ROOT, env=without_r, capture_output=True, text=True, check=True).stdout
    headline, *problems = told.splitlines()
    assert headline.startswith("The configuration has")
    assert len(problems) >= 10
    because = (
        r"  articles/chassagnol_2023\.yaml:\d+ experiments\.[\w.]+: is .+, which needs R, which is not installed .+"
    )
    assert [problem for problem in problems if not re.fullmatch(because, problem)] == []


def test_scientific_notation_without_a_point_is_a_number(tmp_path):
    good, overlay_file = tmp_path / "good.yaml", tmp_path / "overlay.yaml"
    good.write_text(yaml.safe_dump(GOOD))
    overlay_file.write_text("experiments: {toy: {fits: {first: {tol: 1e-4}}, protocols: null}}")
    study = load([good, overlay_file]).study
    assert study.experiments["toy"].fits["first"].tol == 1e-4
    assert study.experiments["toy"].protocols is None  # null removes an entry


def test_dictionary_is_that_of_the_tables():
    file = Path(__file__).parent.parent / "docs/tables.md"
    assert file.read_text() == data_dictionary(), "run: em-study dictionary > docs/tables.md"


def test_reference_and_schema_are_those_of_the_models():
    reported = "run: em-study reference"
    assert (ROOT / "config/README.md").read_text() == reference(), reported
    assert json.loads((ROOT / "config/schema.json").read_text()) == json.loads(schema()), reported


@pytest.mark.parametrize("file", [Path("config.yaml"), *(Path(f"articles/{name}.yaml") for name in ARTICLES)], ids=str)
def test_an_editor_finds_the_schema_and_no_mistake(file):
    line = (ROOT / file).read_text().splitlines()[0]
    schema_file = (ROOT / file).parent / line.removeprefix("# yaml-language-server: $schema=")
    validator = Draft202012Validator(json.loads(schema_file.read_text()))
    values = read_file(ROOT / file).values
    assert [*validator.iter_errors(values)] == []
    next(iter(values["experiments"].values()))["replicate"] = 3
    assert not validator.is_valid(values)


@pytest.mark.parametrize("file", sorted((ROOT / "config").glob("*.yaml")), ids=lambda file: file.name)
def test_the_schema_is_one_of_overlays_too(file):
    Draft202012Validator(json.loads(schema())).validate(read_file(file).values)
