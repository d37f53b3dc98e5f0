"""``w2s-mol cache``: what is kept is listed, and removed by kind and age."""

from __future__ import annotations

import json

from w2s_mol import files, kept


def test_what_is_kept_is_listed_and_removed(cli, fresh_home):
    entry = kept.Entry("embeddings", 64 * "a")
    with kept.held(entry):
        kept.write(entry, lambda folder: files.write_text(folder / "block", 1000 * "x"))
    listed = {row["kind"]: row for row in json.loads(cli("cache", "list", "--format", "json").out)}
    assert {kind for kind, row in listed.items() if row["entries"]} == {"embeddings"}
    size = listed["embeddings"]["bytes"]
    assert 1000 < size < 1300
    assert "embeddings of molecules" in cli("cache").out

    refused = cli("cache", "remove")
    assert (refused.code, refused.out) == (2, "")
    assert "--older-than DAYS" in refused.err

    young = cli("cache", "remove", "--older-than", "1", "--format", "csv")
    assert "embeddings,0,0,0" in young.out.splitlines()
    removed = cli("cache", "remove", "--kind", "embeddings", "--format", "csv")
    assert removed.out.splitlines() == ["kind,entries,bytes,held", f"embeddings,1,{size},0"]
    assert removed.err == "freed 0.0 MB\n"
    assert not [path for path in fresh_home.rglob("*") if path.is_file()]
