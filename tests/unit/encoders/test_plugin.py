"""Plug-ins: found by name or in a script, and held to the contract when first used."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import load_encoder
from w2s_mol.encoders.names import encoder_names, plugin_names
from w2s_mol.encoders.plugin import EncoderPlugin, PluginEncoder
from w2s_mol.errors import InputError

SMILES = ["CCO", "c1ccccc1O", "CC(=O)Oc1ccccc1C(=O)O", "CCl", "C", "CCCCCCCCCC"]


class Letters:
    """A lawful plug-in: how often each letter stands in a SMILES. Tests break it."""

    name = "letters"
    dimension = 3
    fingerprint = "letters 1"

    def rows(self, smiles):
        return np.array([[text.count(c) for c in "CO1"] for text in smiles], dtype=np.float32)

    def embed(self, smiles):
        return self.rows(smiles), np.array(["Cl" not in text for text in smiles])


def adapted(plugin, **more) -> PluginEncoder:
    return PluginEncoder(plugin, "a test's", **more)


def breaking(embed) -> PluginEncoder:
    """Adapt a plug-in with another method ``embed``."""
    return adapted(type("Broken", (Letters,), {"embed": embed})())


def test_a_lawful_plugin_is_an_encoder() -> None:
    assert isinstance(Letters(), EncoderPlugin)
    encoder = adapted(Letters())
    assert (encoder.name, encoder.hidden, encoder.poolings) == ("letters", None, ("plugin",))
    assert encoder.dimension("plugin") == 3
    found = encoder.embed(["CCl", "CCO", "c1cc", "", "C", " CCO ethanol"])
    assert found.embeddings.dtype == np.float32
    assert found.valid.tolist() == [False, True, False, False, True, True]
    np.testing.assert_array_equal(found.embeddings[[1, 4, 5]], [[2, 1, 0], [1, 0, 0], [2, 1, 0]])
    assert np.isnan(found.embeddings[~found.valid]).all()
    assert found.reasons[0] == "the plug-in calls it invalid"
    assert found.reasons[2] == "cannot parse SMILES"
    with pytest.raises(InputError, match="does not offer the pooling 'mean'"):
        encoder.embed(["C"], "mean")
    assert encoder.embed([]).embeddings.shape == (0, 3)


def test_a_plugin_may_say_why() -> None:
    def embed(self, smiles):
        valid = np.array([text != "C" for text in smiles])
        return self.rows(smiles), valid, ["too small" if text == "C" else "" for text in smiles]

    assert breaking(embed).embed(["CCO", "C"]).reasons == ("", "too small")


def test_many_molecules_go_in_parts_and_stay_in_order() -> None:
    smiles = [f"{'C' * (n % 40 + 1)}{'O' * (n // 40 + 1)}" for n in range(1200)]
    asked = []

    def embed(self, smiles):
        asked.append(len(smiles))
        return Letters.embed(self, smiles)

    told = []
    found = breaking(embed).embed(smiles, progress=lambda *said: told.append(said))
    np.testing.assert_array_equal(found.embeddings, Letters().rows(smiles))
    assert max(asked) == 512
    assert told[-1] == ("embedding with letters", 1200, 1200)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v, g: v, "embed returned a ndarray"),
        (lambda v, g: (v,), "embed returned 1 things"),
        (lambda v, g: (v.tolist(), g), "its vectors are a list"),
        (lambda v, g: (v.astype(np.float64), g), "its vectors are of float64"),
        (lambda v, g: (v[:, :2], g), "its vectors have the shape (6, 2)"),
        (lambda v, g: (v[g], g), "its vectors have the shape (5, 3)"),
        (lambda v, g: (v, g.tolist()), "its valid are a list"),
        (lambda v, g: (v, g.astype(int)), "its valid are of int64"),
        (lambda v, g: (v, g[:-1]), "its valid have the shape (5,)"),
        (lambda v, g: (v * np.float32(np.inf), g), "the vector of 'CCO' is not finite"),
        (lambda v, g: (v, g, "why"), "its reasons are no list of as many texts"),
        (lambda v, g: (v, g, ["why"]), "its reasons are no list of as many texts"),
        (lambda v, g: (v, g, [0] * len(g)), "its reasons are no list of as many texts"),
    ],
)
def test_an_answer_of_another_form_is_refused(change, said: str) -> None:
    encoder = breaking(lambda self, smiles: change(*Letters.embed(self, smiles)))
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match=re.escape(said)) as caught:
        encoder.embed(SMILES)
    assert "a test's breaks the contract" in str(caught.value)
    assert "It should be: " in str(caught.value)


class _Noise:
    calls = 0

    def __call__(self, vectors, valid):
        self.calls += 1
        return vectors + np.float32(0.01 * self.calls), valid


def _flicker(vectors, valid, calls=[0]):  # noqa: B006 -- remembers on purpose
    calls[0] += 1
    return vectors, valid & (calls[0] % 2 == 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_Noise(), "asked twice for the same SMILES, its vector of 'CCO' differs by 0.01"),
        (_flicker, "asked twice for the same SMILES, it calls 'CCO' valid once and once not"),
        (lambda v, g: (v[np.lexsort(v.T)], g | True), "in reverse order, its vector of"),
        (lambda v, g: (v - v.mean(axis=0), g), "asked for a SMILES alone, its vector of 'CCO'"),
        (lambda v, g: (v, g & (len(g) > 1)), "asked for a SMILES alone, it calls 'CCO' valid"),
    ],
    ids=["noise", "flicker", "sorted", "centred", "not alone"],
)
def test_a_vector_that_depends_on_more_than_its_smiles_is_refused(change, said: str) -> None:
    encoder = breaking(lambda self, smiles: change(*Letters.embed(self, smiles)))
    with pytest.raises(InputError, match=re.escape(said)):
        encoder.embed(SMILES)


def test_company_matters_also_where_it_is_more_than_the_sample() -> None:
    def embed(self, smiles):
        return self.rows(smiles) * np.float32(1 + (len(smiles) > 10)), np.full(len(smiles), True)

    with pytest.raises(InputError, match="asked for a SMILES among others"):
        breaking(embed).embed(["C" * n for n in range(1, 30)])


def test_differences_of_rounding_are_none() -> None:
    def embed(self, smiles):
        big = self.rows(smiles) * np.float32(1e4)
        return big * np.float32(1 + 1e-7 * len(smiles)), np.full(len(smiles), True)

    assert breaking(embed).embed(SMILES).valid.all()


def test_the_laws_are_tried_once_and_not_on_a_single_molecule() -> None:
    asked = []

    def embed(self, smiles):
        asked.append(list(smiles))
        return Letters.embed(self, smiles)

    encoder = breaking(embed)
    encoder.embed(["C"])
    encoder.embed(SMILES)
    tried = len(asked)
    encoder.embed(SMILES)
    assert len(asked) == tried + 1
    assert SMILES[::-1] in asked
    assert asked.count(["c1ccccc1O"]) == 1


def test_a_plugin_that_uses_its_array_again_is_still_right() -> None:
    buffer = np.zeros((6, 3), dtype=np.float32)

    def embed(self, smiles):
        buffer[: len(smiles)] = self.rows(smiles)
        return buffer[: len(smiles)], np.full(len(smiles), True)

    np.testing.assert_array_equal(breaking(embed).embed(SMILES).embeddings, Letters().rows(SMILES))


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"name": ""}, "its name is ''"),
        ({"name": None}, "its name is None"),
        ({"dimension": 0}, "its dimension is 0"),
        ({"dimension": True}, "its dimension is True"),
        ({"dimension": "3"}, "its dimension is '3'"),
        ({"fingerprint": None}, "its fingerprint is None"),
        ({"embed": None}, "it has no method embed"),
        ({"name": property(lambda self: 1 / 0)}, "has an attribute that cannot be read: ZeroDiv"),
    ],
)
def test_what_lacks_an_attribute_is_no_plugin(attributes, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        adapted(type("Lacking", (Letters,), attributes)())


def test_the_fingerprint_holds_all_that_tells_plugins_apart() -> None:
    def fingerprint(version="", **attributes) -> str:
        return adapted(type("Other", (Letters,), attributes)(), version=version).fingerprint

    assert fingerprint() == adapted(Letters()).fingerprint
    changed = [
        *(fingerprint(name="other"), fingerprint(dimension=4), fingerprint(fingerprint="2")),
        fingerprint("another file"),
    ]
    assert len({fingerprint(), *changed}) == 5


def _raise(error):
    def embed(self, smiles):
        raise error

    return embed


def test_an_exception_inside_is_an_error_with_its_first_line_and_its_traceback() -> None:
    with pytest.raises(InputError, match=r"a test's failed on 6 SMILES: KeyError: 'x'") as caught:
        breaking(_raise(KeyError("x"))).embed(SMILES)
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(InputError, match=r"ValueError: one\n?") as caught:
        breaking(_raise(ValueError("one\ntwo"))).embed(SMILES)
    assert "two" not in str(caught.value)
    with pytest.raises(InputError, match="SystemExit: it ends the program"):
        breaking(_raise(SystemExit(3))).embed(SMILES)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interrupt_and_too_little_memory_are_what_they_are(error) -> None:
    with pytest.raises(type(error)):
        breaking(_raise(error)).embed(SMILES)


SCRIPT = """\
import numpy as np
import helper_of_{module}

class Length:
    name, dimension, fingerprint = "length", 1, "1"

    def embed(self, smiles):
        return np.array([[len(text)] for text in smiles], np.float32), np.full(len(smiles), True)

class OnDevice(Length):
    def __init__(self, device):
        self.name = "on " + device

def factory(size=2):
    return Length()

def needs(path):
    return Length()

def fails():
    raise OSError("no weights here")

instance = Length()
nothing = 3
not_one = dict
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch, request) -> str:
    """A module in the current folder, whose name no other test has."""
    module = "script_" + re.sub(r"\W", "_", request.node.name)
    (tmp_path / f"{module}.py").write_text(SCRIPT.format(module=module))
    (tmp_path / f"helper_of_{module}.py").touch()
    monkeypatch.chdir(tmp_path)
    return module


@pytest.mark.parametrize("attribute", ["Length", "instance", "factory"])
def test_an_instance_a_class_and_a_factory_of_a_script_are_encoders(script, attribute) -> None:
    before = list(sys.path)
    encoder = load_encoder(f"python:{script}:{attribute}")
    assert encoder.name == "length"
    np.testing.assert_array_equal(encoder.embed(["C", "CCO"]).embeddings, [[1], [3]])
    assert sys.path == before


def test_a_module_of_a_package_and_an_attribute_of_a_class_are_found(tmp_path, script) -> None:
    package = tmp_path / f"package_{script}"
    package.mkdir()
    (package / "inner.py").write_text(f"from {script} import Length\nclass Box:\n    it = Length\n")
    assert load_encoder(f"python:package_{script}.inner:Box.it").name == "length"


def test_the_device_goes_to_who_takes_one(script: str) -> None:
    encoder = load_encoder(f"python:{script}:OnDevice", device="cpu")
    assert (encoder.name, encoder.device) == ("on cpu", "cpu")
    with pytest.raises(InputError, match="device 'gpu' cannot be used"):
        load_encoder(f"python:{script}:OnDevice", device="gpu")
    assert load_encoder(f"python:{script}:Length", device="cpu").device == "cpu"


def test_a_changed_script_is_another_encoder(tmp_path: Path, script: str) -> None:
    first = load_encoder(f"python:{script}:Length").fingerprint
    assert load_encoder(f"python:{script}:instance").fingerprint == first
    with (tmp_path / f"{script}.py").open("a") as file:
        file.write("# changed\n")
    assert load_encoder(f"python:{script}:Length").fingerprint != first


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("Lenght", "Did you mean 'Length'?"),
        ("needs", "making it needs path"),
        ("fails", "cannot be made: OSError: no weights here"),
        ("nothing", "it is a int"),
        ("not_one", "its name is None"),
    ],
)
def test_an_object_that_is_no_plugin_is_refused(script: str, attribute: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        load_encoder(f"python:{script}:{attribute}")
    assert script in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "module", "module:", ":object", "a/b.py:object", "module.py:object", "m:o:p"]
)
def test_a_name_of_another_form_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="names no object of a module"):
        load_encoder(f"python:{name}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no module 'bad"),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("def", "cannot be imported: SyntaxError"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit()", "cannot be imported: SystemExit: it ends the program"),
    ],
    ids=["none", "needs another", "syntax", "fails", "exits"],
)
def test_a_script_that_cannot_be_imported_is_an_error(
    tmp_path, monkeypatch, content, said, request
) -> None:
    monkeypatch.chdir(tmp_path)
    module = "bad_" + re.sub(r"\W", "_", request.node.callspec.id)
    if content is not None:
        (tmp_path / f"{module}.py").write_text(content)
    with pytest.raises(InputError, match=re.escape(said)):
        load_encoder(f"python:{module}:Length")


def install(site: Path, package: str, *points: str) -> None:
    """Write what an installed package tells of itself."""
    info = site / f"{package}-1.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text("[w2s_mol.encoders]\n" + "\n".join(points) + "\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch, script: str) -> Path:
    """A folder of installed packages, beside a script's."""
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def test_an_installed_plugin_is_found_by_name_and_listed_without_its_import(site, script) -> None:
    points = (f"length = {script}:Length", "worse = broken_plugin:Encoder")
    install(site, "lengths", *points, "ecfp = broken_plugin:Encoder")
    (site / "broken_plugin.py").write_text("1 / 0")
    assert plugin_names() == {
        "length": f"lengths 1.5, {script}:Length",
        "worse": "lengths 1.5, broken_plugin:Encoder",
    }
    assert {"length", "worse", "ecfp"} <= set(encoder_names())
    with pytest.raises(InputError, match="Did you mean 'worse'"):
        load_encoder("wurse")
    assert not {script, "broken_plugin"} & set(sys.modules)

    encoder = load_encoder("length")
    assert "lengths 1.5" in encoder.fingerprint
    np.testing.assert_array_equal(encoder.embed(["C", "CCO"]).embeddings, [[1], [3]])
    assert load_encoder("ecfp").dimension("fixed") == 2048  # ours
    assert "broken_plugin" not in sys.modules
    with pytest.raises(InputError, match=r"worse \(lengths 1\.5\) cannot be imported from broken"):
        load_encoder("worse")


def test_a_name_of_two_packages_or_of_a_folder_here_is_refused(site, script, tmp_path) -> None:
    install(site, "lengths", f"length = {script}:Length", f"size = {script}:Length")
    install(site, "others", f"length = {script}:instance")
    with pytest.raises(InputError, match=r"lengths 1\.5 \(.*\) and others 1\.5"):
        load_encoder("length")
    (tmp_path / "size").mkdir()
    (tmp_path / "size" / "config.json").touch()
    with pytest.raises(InputError, match=r"Say \./size for the folder"):
        load_encoder("size")
