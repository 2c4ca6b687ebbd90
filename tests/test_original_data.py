"""Results of the claims on a source's own data, which one command computes from files that are not copied."""

import functools
import hashlib
import http.server
import shutil
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import pytest
import yaml
from project import ROOT, make_project

from em_study.claims.sentences import same_test
from em_study.configuration.loading import load
from em_study.errors import ConfigurationError
from em_study.evaluation.protocols import LADDER, PROTOCOLS
from em_study.figures.catalogue import FIGURES
from em_study.figures.shown import Shown

COMMITTED = yaml.safe_load((ROOT / "articles/original/xu_2021.yaml").read_text())
CONFIGURATION = yaml.safe_load((ROOT / "config/original-data.yaml").read_text())
DATA = CONFIGURATION["experiments"]["customers"]["data"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def stand_in(tmp_path):
    """Serve two files of one's own in place of the author's."""
    folder = make_project(tmp_path / "project")
    shutil.copy(ROOT / "Makefile", folder)
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        files = {
            kind: {
                "url": f"http://127.0.0.1:{server.server_port}/{kind}.csv",
                "sha256": hashlib.sha256((folder / f"{kind}.csv").read_bytes()).hexdigest(),
            }
            for kind in ("unlabeled", "labeled")
        }
        overlay = yaml.safe_load((ROOT / "config/original-data.yaml").read_text())
        overlay["sweeps"]["steps_by_tolerance"] = None
        customers = overlay["experiments"]["customers"]
        customers |= {"replicates": 20, "fits": {"clamped": None, "labels_only": None}}
        for kind, file in files.items():
            customers["data"][kind].update(file)
        (folder / "stand_in.yaml").write_text(yaml.safe_dump(overlay))
        yield folder, list(files.values())
        server.shutdown()


def test_one_command_measures_again(stand_in, monkeypatch):
    folder, files = stand_in
    (folder / ".venv").symlink_to(sys.prefix)
    command = ["make", "--old-file=.venv/complete", "original-data", "ORIGINAL_DATA=stand_in.yaml"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    found = yaml.safe_load((folder / "articles/original/xu_2021.yaml").read_text())
    assert found["files"] == files
    assert not (folder / "results").exists()  # it runs apart
    assert {"A1", "A2", "A4", "A5"} <= set(found["claims"])
    assert "A12" not in found["claims"]  # nobody knows what these rows were drawn from
    claims = pd.read_csv(folder / ".original-data/results/tables/claims.csv").set_index("claim")
    for name, outcome in found["claims"].items():
        assert outcome["observed"] == claims.loc[name, "observed"]
        assert outcome["verdict"] == claims.loc[name, "verdict"]
    assert found["claims"]["A2"]["n_replicates"] == 1  # the labels give one start, the files one set of rows
    monkeypatch.chdir(folder)
    study = load(["config.yaml"]).study
    claim = study.claims["A2"]
    assert claim.original.observed == found["claims"]["A2"]["observed"]
    assert claim.original.date == found["date"]
    agreement = pd.read_csv(folder / ".original-data/results/tables/agreement.csv").set_index("protocol")
    assert study.experiments["customers"].on_original_rows.keys() == set(PROTOCOLS)
    for name, given in study.experiments["customers"].on_original_rows.items():
        row = agreement[agreement["replicate"] == 0].loc[name]
        assert given.n_differing == pytest.approx(row["disagreement"] * row["n_samples"])
        assert given.max_abs_posterior_difference == row["max_abs_posterior_difference"]


def test_the_committed_outcome_is_of_the_configured_files():
    assert COMMITTED["files"] == [
        {key: DATA[kind][key] for key in ("url", "sha256")} for kind in ("unlabeled", "labeled")
    ]
    study = load([ROOT / "config.yaml"]).study
    assert all(same_test(claim) for name, claim in study.claims.items() if name in COMMITTED["claims"])
    assert set(COMMITTED["claims"]) < {name for name in study.claims if name.startswith("A")}
    assert study.claims["A5"].original.observed == 0.994
    assert study.claims["A2"].original.verdict == "reproduced"
    customers = study.experiments["customers"]
    differ = {name: found.n_differing for name, found in customers.on_original_rows.items()}
    assert differ == dict.fromkeys(LADDER, 0) | {"as_published": 6, "tolerance_first": 4, "regularization_first": 6}
    other = {"semi_supervised": customers.compared_fit.model_copy(update={"tol": 1e-5})}
    assert not customers.model_copy(update={"fits": customers.fits | other}).on_original_rows


def test_the_ladder_shows_what_the_source_s_own_data_gave():
    columns = ["replicate", "protocol", "agreement", "max_abs_posterior_difference"]
    rows = [(r, name, 0.9 + 0.1 * r, 0.5 * (1 - r)) for r in (0, 1) for name in ("as_published", "exact_precisions")]
    agreement = pd.DataFrame(rows, columns=columns).assign(failure=np.nan, implementation="sklearn")
    own = {"as_published": {"n_samples": 50, "n_differing": 1, "max_abs_posterior_difference": 0.25}}

    def diamonds(**given):
        axes = (
            FIGURES["agreement_ladder"]
            .draw(Shown("toy", others={"sklearn": "scikit-learn"}, agreement=agreement, **given))
            .axes
        )
        return axes, [(*line.get_xydata()[0],) for of in axes for line in of.lines if line.get_marker() == "D"]

    (left, right), found = diamonds(original=own)
    assert found == [(0, 98), (0, 0.25)]
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["on the author's data (50 samples)"]
    assert right.get_yscale() == "symlog"  # 0 is drawn as 0
    assert not diamonds()[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims: {A1: {observed: 1}}", "claims.A1.original.n_replicates: is required, but missing"),
        ("claims: {A1: {verdict: good}}", "claims.A1.original.verdict: is 'good'"),
        ("claims: {A1: {obsrved: 1}}", "claims.A1.original.obsrved: unknown key; did you mean 'observed'?"),
        ("agreement: {customers: {fit: {}}}", "experiments.customers.original.protocols: is required, but missing"),
        ("- 1", "articles.xu_2021.original_data"),
        (None, "articles.xu_2021.original_data"),
    ],
)
def test_a_wrong_outcome_is_reported(tmp_path, monkeypatch, text, message):
    folder = make_project(tmp_path / "project")
    file = folder / "articles/original/xu_2021.yaml"
    file.unlink() if text is None else file.write_text(text)
    monkeypatch.chdir(folder)
    with pytest.raises(ConfigurationError, match=message):
        load(["config.yaml"])
